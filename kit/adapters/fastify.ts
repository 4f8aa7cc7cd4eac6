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
import { assertDrainMs } from '../server/options.ts';
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
  try {
    assertDrainMs(drainWithinMs);
  } catch (error) {
    // Thrown, it would be found by nobody before the plugin's start timed out.
    done(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  const served = new Served();
  app.decorateReply('eventStream', function (this: FastifyReply, endpoint: StreamEndpoint) {
    return answer(this.request, this, endpoint, served.begin(endpoint));
  });
  app.addHook('onRoute', (route) => {
    const { eventStream } = route;
    if (eventStream === undefined) return;
    route.handler = async (request, reply) =>
      reply.eventStream(typeof eventStream === 'function' ? await eventStream(request) : eventStream);
  });
  app.addHook('preClose', async () => {
    await Promise.all(served.endpoints.map((endpoint) => endpoint.drain({ withinMs: drainWithinMs })));
  });
  done();
};
// Registered without a child context of its own (what the package fastify-plugin sets), so that the instance it is
// registered on gets the decorator.
Object.assign(fastifySse, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'sse-kit',
});

/** The endpoints of requests that are not over. Handlers may make a new one for each request, so none is kept longer. */
class Served {
  readonly #open = new Map<StreamEndpoint, number>();

  get endpoints(): StreamEndpoint[] {
    return [...this.#open.keys()];
  }

  /** Counts a request. Returns what to call, once, when it is over. */
  begin(endpoint: StreamEndpoint): () => void {
    this.#open.set(endpoint, (this.#open.get(endpoint) ?? 0) + 1);
    return () => {
      const left = (this.#open.get(endpoint) ?? 1) - 1;
      if (left > 0) this.#open.set(endpoint, left);
      else this.#open.delete(endpoint);
    };
  }
}

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

/** @param over called once, when the request has been answered, or its stream has ended. */
async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  endpoint: StreamEndpoint,
  over: () => void = () => undefined,
): Promise<FastifyReply> {
  let streaming = false;
  try {
    const raw = request.raw as NodeRequest;
    const { status, headers, body } = await endpoint.handle(
      fromNodeRequest(raw, request.originalUrl, request),
    );
    if (body.kind !== 'stream') {
      reply.code(status).headers(headers);
      return reply.send(body.kind === 'text' ? body.text : undefined);
    }
    body.start(({ onDrain, onClose }) => {
      const response = hijacked(reply, status, headers);
      const closed = () => {
        over();
        onClose();
      };
      const sink = openNodeSink(raw, response, { onDrain, onClose: closed });
      streaming = true;
      return sink;
    });
    return reply;
  } finally {
    if (!streaming) over();
  }
}

/** Takes the response over from Fastify. Headers set by hooks (CORS, cookies, tracing) are kept; ours win. */
function hijacked(
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>>,
): NodeResponse {
  const response = reply.raw as NodeResponse;
  reply.headers(headers);
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value as string | string[]);
  }
  response.statusCode = status;
  reply.hijack();
  return response;
}
