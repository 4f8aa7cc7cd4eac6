import { header, setHeader } from '../http/head.ts';
import type { FaultDefinition } from '../types.ts';

export interface WrongTypeParams {
  /** Default `text/html`. `text/event-streamx` and `application/json` are worth a try. */
  readonly type?: string;
  /** Answer with this text; default: the upstream's events under the wrong name. */
  readonly body?: string;
}

/** A status 200 that is not an event stream: login pages, JSON errors, misconfigured gateways. */
export const wrongType: FaultDefinition<WrongTypeParams> = {
  name: 'wrong-type',
  summary: 'answers 200 with another content type',
  params: { type: 'content type, default text/html', body: 'text, default the upstream’s events' },
  start: ({ type = 'text/html', body }, context) => ({
    onRequest: () => {
      if (body === undefined || !context.claim()) return undefined;
      const headers: [string, string][] = [['Content-Type', type]];
      return {
        verdict: 'answer',
        answer: { status: 200, reason: 'OK', headers, body: [Buffer.from(body)] },
        evidence: { type, bodyBytes: Buffer.byteLength(body) },
      };
    },
    onResponseHead: (head) => {
      if (body !== undefined || !context.claim()) return undefined;
      const was = header(head.headers, 'content-type');
      setHeader(head.headers, 'Content-Type', type);
      return { type, was };
    },
  }),
};
