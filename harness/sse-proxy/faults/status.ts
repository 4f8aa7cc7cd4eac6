import { STATUS_CODES } from 'node:http';
import { SseKitError } from '../../../kit/protocol/index.ts';
import type { HeaderList } from '../http/head.ts';
import type { FaultDefinition } from '../types.ts';

export interface StatusParams {
  /** 200 to 599. */
  readonly status: number;
  /** `Retry-After`: seconds, or a string sent as it is. */
  readonly retryAfter?: number | string;
  /** `Retry-After` as the date so many ms from now. */
  readonly retryAfterDateMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Answers with a status instead of the upstream. `times` says how often; default once. */
export const status: FaultDefinition<StatusParams> = {
  name: 'status',
  summary: 'answers with a status: 401, 403, 204, 429, 503, 500, …',
  params: {
    status: '200 to 599',
    retryAfter: 'seconds, or text as it is',
    retryAfterDateMs: 'a date so many ms ahead',
    headers: 'further headers',
    body: 'text',
  },
  start: (params, context) => {
    const { status, body } = params;
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new SseKitError('ERR_FAULT_PARAMS', `status: not a status from 200 to 599: ${status}`);
    }
    return {
      onRequest: () => {
        if (!context.claim()) return undefined;
        const retryAfter = retryAfterOf(params, context.now());
        const headers: HeaderList = Object.entries(params.headers ?? {});
        if (retryAfter !== null) headers.push(['Retry-After', retryAfter]);
        const answer = { status, reason: STATUS_CODES[status] ?? '', headers };
        return {
          verdict: 'answer',
          answer: body === undefined ? answer : { ...answer, body: [Buffer.from(body)] },
          evidence: { status, retryAfter },
        };
      },
    };
  },
};

function retryAfterOf({ retryAfter, retryAfterDateMs }: StatusParams, now: number): string | null {
  if (retryAfter !== undefined) return String(retryAfter);
  return retryAfterDateMs === undefined ? null : new Date(now + retryAfterDateMs).toUTCString();
}
