import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  RawServerBase,
  RawServerDefault,
  RouteHandlerMethod,
} from 'fastify';
import type { StreamEndpoint } from '../server/index.ts';
import { fromNodeRequest } from './node-http.ts';
import { type NodeRequest, type NodeResponse, openNodeSink } from './node-sink.ts';
import { shutdownOnSignal } from './shutdown.ts';

/** The stream of a route, or a function that picks it by the request. */
export type FastifyEndpoint =
  | StreamEndpoint
  | ((request: FastifyRequest) => StreamEndpoint | Promise<StreamEndpoint>);

/** Options of the plugin. */
export interface FastifySseOptions {
  /** Time that `app.close()` gives open streams to end in good order, milliseconds; default 10,000. */
  readonly drainWithinMs?: number;
}

// Not `sse`: the plugin @fastify/sse has that name, and an application may use both.
declare module 'fastify' {
  interface FastifyReply {
    /** Answers with a stream. Return its promise from the handler. */
    eventStream(endpoint: StreamEndpoint): Promise<FastifyReply>;
  }
  interface RouteShorthandOptions {
    /** Makes the route a stream: the handler may be left out. */
    eventStream?: FastifyEndpoint;
  }
  interface RouteOptions {
    /** Makes the route a stream: the handler may be left out. */
    eventStream?: FastifyEndpoint;
  }
}

/**
 * Fastify 5 plugin: `reply.eventStream(stream)` in handlers, `{ eventStream: stream }` in route options, and `app.close()` that drains
 * the streams that were served through this instance. It applies to the instance it is registered on and to that
 * instance's children, as encapsulation has it.
 */
export const fastifySse: FastifyPluginCallback<FastifySseOptions> = (app, options, done) => {
  const { drainWithinMs = 10_000 } = options;
  const served = new Set<StreamEndpoint>();
  app.decorateReply('eventStream', function (this: FastifyReply, endpoint: StreamEndpoint) {
    served.add(endpoint);
    return answer(this.request, this, endpoint);
  });
  app.addHook('onRoute', (route) => {
    const { eventStream } = route;
    if (eventStream === undefined) return;
    route.handler = async (request, reply) =>
      reply.eventStream(typeof eventStream === 'function' ? await eventStream(request) : eventStream);
  });
  app.addHook('preClose', async () => {
    await Promise.all([...served].map((endpoint) => endpoint.drain({ withinMs: drainWithinMs })));
  });
  done();
};
// Registered without a child context of its own (what the package fastify-plugin sets), so that the instance it is
// registered on gets the decorator.
Object.assign(fastifySse, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'sse-kit',
});

/** What happens at a signal. */
export interface DrainOnSignalOptions {
  /** Default `['SIGTERM', 'SIGINT']`. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Called when the app has closed; for example to exit. */
  readonly onClosed?: (signal: NodeJS.Signals) => void;
}

/**
 * Closes the app on SIGTERM, which drains its streams by the plugin's `drainWithinMs`. The process then ends by itself
 * when nothing else keeps it.
 * @returns a function that takes the signal handlers off again.
 */
export function drainOnSignal(
  app: Pick<FastifyInstance, 'close'>,
  options: DrainOnSignalOptions = {},
): () => void {
  const server = { close: (callback: () => void) => void app.close().then(callback) };
  return shutdownOnSignal({ server, endpoints: [], ...options });
}

/** A handler without the plugin: `app.get('/events', sse(stream))`. Draining at close is then the caller's. */
export function sse<Server extends RawServerBase = RawServerDefault>(
  endpoint: FastifyEndpoint,
): RouteHandlerMethod<Server> {
  return async (anyRequest, anyReply) => {
    // Over HTTP/2 only the types of `raw` differ.
    const request = anyRequest as unknown as FastifyRequest;
    const reply = anyReply as unknown as FastifyReply;
    return answer(request, reply, typeof endpoint === 'function' ? await endpoint(request) : endpoint);
  };
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  endpoint: StreamEndpoint,
): Promise<FastifyReply> {
  const raw = request.raw as NodeRequest;
  const answered = await endpoint.handle(fromNodeRequest(raw, request.originalUrl, request));
  reply.code(answered.status);
  const { body } = answered;
  if (body.kind !== 'stream') {
    reply.headers(answered.headers);
    return reply.send(body.kind === 'text' ? body.text : undefined);
  }
  // Headers set by hooks (CORS, cookies, tracing) are kept; ours win.
  const response = reply.raw as NodeResponse;
  reply.headers(answered.headers);
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value as string | string[]);
  }
  response.statusCode = answered.status;
  reply.hijack();
  body.start((events) => openNodeSink(raw, response, events));
  return reply;
}
