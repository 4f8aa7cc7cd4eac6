import { STATUS_CODES } from 'node:http';
import type { HeaderList } from '../http/head.ts';
import type { FaultDefinition } from '../types.ts';

export interface RedirectParams {
  /** Default 307. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
  /** `Location`; '' for an empty one, `null` for none. Default: the same URL, which then is answered. */
  readonly location?: string | null;
}

export const redirect: FaultDefinition<RedirectParams> = {
  name: 'redirect',
  summary: 'answers with a redirect; Location good, empty or missing',
  params: { status: '301, 302, 303, 307 (default), 308', location: "URL, '' or null; default the same URL" },
  start: ({ status = 307, location }, context) => ({
    onRequest: (request) => {
      if (!context.claim()) return undefined;
      const target = location === undefined ? request.url : location;
      const headers: HeaderList = target === null ? [] : [['Location', target]];
      return {
        verdict: 'answer',
        answer: { status, reason: STATUS_CODES[status] ?? '', headers },
        evidence: { status, location: target },
      };
    },
  }),
};
