/** One HTTP request, as the client wants it made. */
export interface TransportRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BodyInit | null;
  readonly credentials: RequestCredentials;
  /** Aborts the request and, later, the body. */
  readonly signal: AbortSignal;
}

/** Bytes, pulled: nothing is taken from the network until `read` is called. */
export interface ByteSource {
  /** The next chunk, at once where it is at hand; `null` at the end. Throws or rejects when the connection broke. */
  read(): Uint8Array | null | Promise<Uint8Array | null>;
}

/** The head of a response, and its body as a source. */
export interface TransportResponse {
  readonly status: number;
  /** URL after redirects. */
  readonly url: string;
  /** Value of a response header, by lower-case name. */
  header(name: string): string | null;
  readonly body: ByteSource | null;
}

/** Makes requests. Rejects when no response came. It follows redirects. */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/** The part of `fetch` that is needed, so that any implementation fits. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/**
 * A transport on `fetch`.
 * @param fetch implementation; default the global one, looked up at each call.
 */
export function fetchTransport(fetch: FetchLike = (url, init) => globalThis.fetch(url, init)): Transport {
  return async ({ url, ...init }) => {
    const response = await fetch(url, { ...init, cache: 'no-store' });
    return {
      status: response.status,
      url: response.url || url,
      header: (name) => response.headers.get(name),
      body: response.body && readerSource(response.body.getReader()),
    };
  };
}

function readerSource(reader: ReadableStreamDefaultReader<Uint8Array>): ByteSource {
  return {
    async read() {
      const { done, value } = await reader.read();
      return done ? null : value;
    },
  };
}
