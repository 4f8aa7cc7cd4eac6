import { ApiError } from './api-error.ts';
import type { ProxyCollection } from './collection.ts';
import { parseJson } from './decode.ts';

export interface ApiRequest {
  readonly method: string;
  /** Path without query, for example `/proxies/demo/toxics`. */
  readonly path: string;
  readonly body: string;
  readonly userAgent: string;
}

export interface ApiReply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type Handler = (args: { name: string; toxic: string; body: () => unknown }) => Promise<ApiReply> | ApiReply;

const json = (status: number, value: unknown): ApiReply => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});
const text = (status: number, body: string): ApiReply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body,
});
const nothing: ApiReply = { status: 204, type: '', body: '' };

/** The HTTP API of Toxiproxy 2.12 over a collection of proxies, as a function from request to reply. */
export function createRoutes(
  proxies: ProxyCollection,
  version: string,
): (request: ApiRequest) => Promise<ApiReply> {
  const update: Handler = async ({ name, body }) => json(200, await proxies.update(name, body()));
  const patch: Handler = async ({ name, toxic, body }) =>
    json(200, await proxies.patchToxic(name, toxic, body()));
  const gone = async (work: Promise<void>): Promise<ApiReply> => {
    await work;
    return nothing;
  };
  const routes: readonly [RegExp, Readonly<Record<string, Handler>>][] = [
    [/^\/version$/, { GET: () => ({ ...json(200, { version }), type: 'application/json;charset=utf-8' }) }],
    [/^\/metrics$/, { GET: () => text(200, proxies.counter.exposition()) }],
    [/^\/reset$/, { POST: () => gone(proxies.reset()) }],
    [/^\/populate$/, { POST: async ({ body }) => json(201, await proxies.populate(body())) }],
    [
      /^\/proxies$/,
      {
        GET: () => json(200, proxies.list()),
        POST: async ({ body }) => json(201, await proxies.create(body())),
      },
    ],
    [
      /^\/proxies\/([^/]+)$/,
      {
        GET: ({ name }) => json(200, proxies.get(name).describe()),
        POST: update,
        PATCH: update,
        DELETE: ({ name }) => gone(proxies.remove(name)),
      },
    ],
    [
      /^\/proxies\/([^/]+)\/toxics$/,
      {
        GET: ({ name }) => json(200, proxies.toxics(name)),
        POST: async ({ name, body }) => json(200, await proxies.addToxic(name, body())),
      },
    ],
    [
      /^\/proxies\/([^/]+)\/toxics\/([^/]+)$/,
      {
        GET: ({ name, toxic }) => json(200, proxies.toxic(name, toxic)),
        POST: patch,
        PATCH: patch,
        DELETE: ({ name, toxic }) => gone(proxies.removeToxic(name, toxic)),
      },
    ],
  ];

  return async ({ method, path, body, userAgent }) => {
    // Browsers must not drive it: any web page could, since the API has no credentials.
    if (userAgent.startsWith('Mozilla/')) return text(403, 'User agent not allowed\n');
    for (const [pattern, methods] of routes) {
      const match = pattern.exec(path);
      if (!match) continue;
      const handler = methods[method];
      if (!handler) return { status: 405, type: '', body: '' };
      try {
        const [, name = '', toxic = ''] = match.map((part) => decodeURIComponent(part ?? ''));
        return await handler({ name, toxic, body: () => parseJson(body) });
      } catch (error) {
        return failure(error);
      }
    }
    return text(404, '404 page not found\n');
  };
}

/** JSON, but labelled text/plain: what the real server sends. */
function failure(error: unknown): ApiReply {
  const status = error instanceof ApiError ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  return text(status, `${JSON.stringify({ error: message, status })}\n`);
}
