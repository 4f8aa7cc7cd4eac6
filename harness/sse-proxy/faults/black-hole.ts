import type { FaultDefinition } from '../types.ts';

/** Accepts the request and never answers; the upstream does not see it. */
export const blackHole: FaultDefinition = {
  name: 'black-hole',
  summary: 'accepts the request and never answers',
  params: {},
  times: 'always',
  start: (_, context) => ({
    onRequest: (request) =>
      context.claim() ? { verdict: 'silence', evidence: { unanswered: request.url } } : undefined,
  }),
};
