import type { StreamEndpoint, StreamReply, StreamRequest } from '../server/index.ts';
import { type NodeRequest, type NodeResponse, openNodeSink } from './node-sink.ts';

export type { NodeRequest, NodeResponse } from './node-sink.ts';
export { type OpenEventStream, openEventStream } from './open-event-stream.ts';
export { type ShutdownOptions, shutdownOnSignal } from './shutdown.ts';

/** Sees a node:http or node:http2 request as a stream does. `url` replaces the request's own, for mounted apps. */
export function fromNodeRequest(
  request: NodeRequest,
  url = request.url ?? '/',
  raw: unknown = request,
): StreamRequest {
  return {
    method: request.method ?? 'GET',
    url,
    raw,
    header(name) {
      const value = request.headers[name];
      return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

/** Writes a stream's reply to a node:http or node:http2 response. */
export function sendNodeReply(reply: StreamReply, request: NodeRequest, response: NodeResponse): void {
  response.statusCode = reply.status;
  const { headers } = reply;
  if (reply.body.kind === 'stream') {
    reply.body.start((events) => openNodeSink(request, response, events, headers));
    return;
  }
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (reply.body.kind === 'text') {
    response.end(reply.body.text);
  } else {
    response.end();
  }
}

/** What becomes of errors that are not the client's. */
export interface NodeHandlerOptions {
  /**
   * Told what the auth hook, or the function that picks the stream, has thrown; the client got a plain 500 where nothing
   * was sent yet. Default: a process warning. (Nobody waits for what a request listener returns: thrown, it would end
   * the process.)
   */
  readonly onError?: (error: unknown, request: NodeRequest) => void;
}

/** A request listener for `http.createServer`, `https.createServer` and `http2.createSecureServer`. Never rejects. */
export function nodeHandler(
  endpoint: StreamEndpoint | ((request: NodeRequest) => StreamEndpoint),
  options: NodeHandlerOptions = {},
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  const { onError = warn } = options;
  return async (request, response) => {
    try {
      const target = typeof endpoint === 'function' ? endpoint(request) : endpoint;
      sendNodeReply(await target.handle(fromNodeRequest(request)), request, response);
    } catch (error) {
      if (!response.headersSent) {
        response.statusCode = 500;
        response.end();
      }
      onError(error, request);
    }
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
