import type { Request, RequestHandler } from 'express';
import type { StreamEndpoint } from '../server/index.ts';
import { fromNodeRequest, sendNodeReply } from './node-http.ts';

export { type ShutdownOptions, shutdownOnSignal } from './shutdown.ts';

/**
 * Serves a stream on an Express 5 route. Mount it with `app.all(path, sse(stream))`, so that HEAD, preflights and
 * wrong methods get their right answers too; with `app.get` Express answers those. Errors of the auth hook go to the
 * error handler.
 * @param endpoint the stream, or a function that picks it by the request (parameters, user, query).
 */
export function sse(
  endpoint: StreamEndpoint | ((request: Request) => StreamEndpoint | Promise<StreamEndpoint>),
): RequestHandler {
  return async (request, response) => {
    const target = typeof endpoint === 'function' ? await endpoint(request) : endpoint;
    const reply = await target.handle(fromNodeRequest(request, request.originalUrl));
    sendNodeReply(reply, request, response);
  };
}
