/** What a client asked for, without a socket. Fits the client's transport port by shape. */
export interface MemoryRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

/** One request as the other end sees it, with the means to answer it. */
export interface MemoryExchange {
  /** 1 for the first request. */
  readonly number: number;
  readonly request: MemoryRequest;
  /** True once the client let go. */
  readonly aborted: boolean;
  /** Reads the client has begun and that found nothing: 1 while it waits for bytes, 0 while it does not read. */
  readonly waiting: number;
  /** Sends the head of the response; default 200 and `text/event-stream`. */
  respond(status?: number, headers?: Readonly<Record<string, string>>): void;
  /** Sends text or bytes as one chunk, after the head if that was not sent yet. */
  write(chunk: string | Uint8Array): void;
  /** Ends the response. */
  end(): void;
  /** Breaks the connection, before the head or after. */
  fail(message?: string): void;
}

/** A response of the memory network. */
export interface MemoryResponse {
  readonly status: number;
  readonly url: string;
  header(name: string): string | null;
  readonly body: { read(): Promise<Uint8Array | null> };
}

/** A network without sockets and without time of its own. */
export interface MemoryNetwork {
  /** For the port `transport` of the client. */
  readonly transport: (request: MemoryRequest) => Promise<MemoryResponse>;
  readonly exchanges: readonly MemoryExchange[];
}

/**
 * Makes a network where a function answers each request. Together with `VirtualClock` and `seededRandom` a client runs
 * through hours of failures in milliseconds, the same way each time.
 */
export function memoryNetwork(serve: (exchange: MemoryExchange) => void): MemoryNetwork {
  const exchanges: MemoryExchange[] = [];
  return {
    exchanges,
    transport: (request) =>
      new Promise((resolve, reject) => {
        const exchange = openExchange(exchanges.length + 1, request, resolve, reject);
        exchanges.push(exchange);
        serve(exchange);
      }),
  };
}

function openExchange(
  number: number,
  request: MemoryRequest,
  resolve: (response: MemoryResponse) => void,
  reject: (error: Error) => void,
): MemoryExchange {
  const chunks: Array<Uint8Array | null> = [];
  let failure: Error | null = null;
  let waiter: { resolve: (chunk: Uint8Array | null) => void; reject: (error: Error) => void } | null = null;
  let responded = false;
  const push = (chunk: Uint8Array | null): void => {
    if (waiter) waiter.resolve(chunk);
    else chunks.push(chunk);
    waiter = null;
  };
  const breakOff = (error: Error): void => {
    if (failure) return;
    failure = error;
    reject(error);
    waiter?.reject(error);
    waiter = null;
  };
  request.signal.addEventListener('abort', () => breakOff(new Error('aborted')), { once: true });
  return {
    number,
    request,
    get aborted() {
      return request.signal.aborted;
    },
    get waiting() {
      return waiter ? 1 : 0;
    },
    respond(status = 200, headers = { 'content-type': 'text/event-stream' }) {
      if (responded) return;
      responded = true;
      resolve({
        status,
        url: request.url,
        header: (name) => headers[name] ?? null,
        body: {
          read: () =>
            new Promise((accept, refuse) => {
              const chunk = chunks.shift();
              if (chunk !== undefined) accept(chunk);
              else if (failure) refuse(failure);
              else waiter = { resolve: accept, reject: refuse };
            }),
        },
      });
    },
    write(chunk) {
      this.respond();
      push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
    },
    end() {
      this.respond();
      push(null);
    },
    fail: (message = 'connection reset') => breakOff(new Error(message)),
  };
}
