import type { Block, Sink, SinkEvents, StreamEndpoint, StreamReply, StreamRequest } from '../server/index.ts';

/** Bytes that wait in a response body before its connection counts as blocked. */
const BUFFER_BYTES = 65_536;

/** Sees a Fetch `Request` as a stream does. */
export function fromWebRequest(request: Request): StreamRequest {
  return {
    method: request.method,
    url: request.url,
    raw: request,
    header: (name) => request.headers.get(name),
  };
}

/** Makes a Fetch `Response` of a stream's reply. */
export function toWebResponse(reply: StreamReply): Response {
  const { status, headers, body } = reply;
  const init = { status, headers: { ...headers } };
  if (body.kind === 'none') return new Response(null, init);
  if (body.kind === 'text') return new Response(body.text, init);
  let sink: WebSink | null = null;
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        body.start((events) => {
          sink = new WebSink(controller, events);
          return sink;
        });
      },
      pull: () => sink?.pulled(),
      cancel: () => sink?.cancelled(),
    },
    { highWaterMark: BUFFER_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return new Response(stream, init);
}

/**
 * A Fetch-style handler, `Request -> Promise<Response>`: Hono, Next, Bun, Deno, workers.
 * @example app.get('/events', (context) => webHandler(stream)(context.req.raw))
 */
export function webHandler(
  endpoint: StreamEndpoint | ((request: Request) => StreamEndpoint),
): (request: Request) => Promise<Response> {
  return async (request) => {
    const target = typeof endpoint === 'function' ? endpoint(request) : endpoint;
    return toWebResponse(await target.handle(fromWebRequest(request)));
  };
}

class WebSink implements Sink {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #events: SinkEvents;
  #blocked = false;
  #ending = false;
  #over = false;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>, events: SinkEvents) {
    this.#controller = controller;
    this.#events = events;
  }

  write(block: Block): boolean {
    if (this.#over || this.#ending) return false;
    // A copy: whoever reads the body may transfer or overwrite its chunks, and blocks are shared with other readers.
    this.#controller.enqueue(new Uint8Array(block.bytes));
    this.#blocked = (this.#controller.desiredSize ?? 0) <= 0;
    return !this.#blocked;
  }

  end(): void {
    this.#ending = true;
    this.#closeWhenRead();
  }

  destroy(): void {
    if (this.#over) return;
    this.#controller.error(new DOMException('the stream was cut', 'AbortError'));
    this.#close();
  }

  /** The reader wants more. */
  pulled(): void {
    if (this.#ending) this.#closeWhenRead();
    if (!this.#blocked || this.#over) return;
    this.#blocked = false;
    this.#events.onDrain();
  }

  /** The reader went away. */
  cancelled(): void {
    this.#close();
  }

  /** A body that is closed with chunks left cannot be cut any more, however long its reader takes: it is closed later. */
  #closeWhenRead(): void {
    if (this.#over || (this.#controller.desiredSize ?? BUFFER_BYTES) < BUFFER_BYTES) return;
    this.#controller.close();
    this.#close();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    queueMicrotask(this.#events.onClose);
  }
}
