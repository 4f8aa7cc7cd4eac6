import { header, removeHeader, setHeader } from '../http/head.ts';
import type { FaultDefinition } from '../types.ts';

export interface HeadersParams {
  /** Which head; default `response`. */
  readonly of?: 'request' | 'response';
  /** Added, or put in place of what was there. */
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

/** Changes headers, for example strips `Last-Event-ID` from requests or `Cache-Control` from responses. */
export const headers: FaultDefinition<HeadersParams> = {
  name: 'headers',
  summary: 'adds, replaces or strips headers of the request or the response',
  params: { of: 'response (default) or request', set: 'name to value', remove: 'names' },
  times: 'always',
  start: ({ of = 'response', set = {}, remove = [] }, context) => {
    const change = (list: [string, string][]): Record<string, unknown> | undefined => {
      const changes = Object.entries(set).filter(([name, value]) => header(list, name) !== value);
      const strips = remove.filter((name) => header(list, name) !== null);
      if ((changes.length === 0 && strips.length === 0) || !context.claim()) return undefined;
      for (const [name, value] of changes) setHeader(list, name, value);
      for (const name of strips) removeHeader(list, name);
      return { of, set: Object.fromEntries(changes), removed: strips };
    };
    return {
      onRequest: (request) => {
        const evidence = of === 'request' ? change(request.headers) : undefined;
        return evidence && { verdict: 'forward', evidence };
      },
      onResponseHead: (head) => (of === 'response' ? change(head.headers) : undefined),
    };
  },
};
