import http from 'node:http';
import https from 'node:https';
import { quote, SseKitError } from '../../protocol/errors.ts';
import type { ByteSource, Transport, TransportRequest, TransportResponse } from '../transport.ts';

const MAX_REDIRECTS = 20;
/** Statuses of Fetch 2.2.6 that carry a Location. */
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Settings of the Node transport. */
export interface HttpTransportOptions {
  /** For `http:` URLs. Default: Node's global agent. */
  readonly httpAgent?: http.Agent;
  /** For `https:` URLs (certificates, client keys). Default: Node's global agent. */
  readonly httpsAgent?: https.Agent;
}

/**
 * A transport on `node:http` and `node:https`. Node's `fetch` ends a body that is silent for 300 s, whatever the
 * client thinks of the silence, and only a dependency (undici) could tell it otherwise; here only the client's own
 * liveness deadline decides. Reading stops the socket when nothing is read.
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  return (request) => follow(request, options);
}

async function follow(first: TransportRequest, options: HttpTransportOptions): Promise<TransportResponse> {
  let request = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await send(request, options);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (!REDIRECTS.has(status) || location === undefined) return translate(response, request.url);
    response.destroy();
    request = redirect(request, status, location);
  }
  throw new SseKitError(
    'ERR_TOO_MANY_REDIRECTS',
    `more than ${MAX_REDIRECTS} redirects from ${quote(first.url)}`,
  );
}

/** The request that a redirect asks for (Fetch 4.4): 303, and POST after 301 and 302, become GET without a body. */
function redirect(request: TransportRequest, status: number, location: string): TransportRequest {
  let url: URL;
  try {
    url = new URL(location, request.url);
  } catch (cause) {
    throw new SseKitError('ERR_REDIRECT', `redirect to an invalid Location: ${quote(location)}`, { cause });
  }
  const headers = { ...request.headers };
  // Credentials are for the origin they were given for.
  if (url.origin !== new URL(request.url).origin) {
    for (const name of ['authorization', 'cookie', 'proxy-authorization']) delete headers[name];
  }
  const toGet = status === 303 || ((status === 301 || status === 302) && request.method === 'POST');
  return { ...request, url: url.href, headers, ...(toGet ? { method: 'GET', body: null } : {}) };
}

async function send(request: TransportRequest, options: HttpTransportOptions): Promise<http.IncomingMessage> {
  const url = new URL(request.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new SseKitError('ERR_UNSUPPORTED_URL', `not an http URL: ${quote(request.url)}`);
  }
  const secure = url.protocol === 'https:';
  const headers: Record<string, string> = { ...request.headers };
  const body = await bodyOf(request, headers);
  return new Promise((resolve, reject) => {
    const agent = secure ? options.httpsAgent : options.httpAgent;
    const outgoing = (secure ? https : http).request(url, {
      method: request.method,
      headers,
      ...(agent ? { agent } : {}),
    });
    const { signal } = request;
    // Not by the option `signal`: after the end of a response that would tear at a socket which has gone back to the
    // agent, with nobody there to take the error.
    const abort = (): void => {
      reject(new SseKitError('ERR_ABORTED', 'the request was abandoned'));
      outgoing.destroy();
    };
    const done = (): void => signal.removeEventListener('abort', abort);
    outgoing.once('response', (response) => {
      response.once('end', done);
      resolve(response);
    });
    outgoing.on('error', reject);
    outgoing.once('close', done);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    outgoing.end(body);
  });
}

/** The body as bytes, with the headers that fetch would add. `Response` knows every kind of `BodyInit`. */
async function bodyOf(
  request: TransportRequest,
  headers: Record<string, string>,
): Promise<Uint8Array | null> {
  if (request.body === null) return null;
  const response = new Response(request.body);
  const type = response.headers.get('content-type');
  if (type) headers['content-type'] ??= type;
  const bytes = new Uint8Array(await response.arrayBuffer());
  headers['content-length'] = String(bytes.byteLength);
  return bytes;
}

function translate(response: http.IncomingMessage, url: string): TransportResponse {
  return {
    status: response.statusCode ?? 0,
    url,
    header(name) {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : (value ?? null);
    },
    body: source(response),
  };
}

/** Pulls chunks in paused mode: Node stops reading the socket when its small buffer is full. */
function source(response: http.IncomingMessage): ByteSource {
  let ended = false;
  let failure: Error | null = null;
  let wake: (() => void) | null = null;
  const notify = (): void => {
    wake?.();
    wake = null;
  };
  response.on('readable', notify);
  response.on('end', () => {
    ended = true;
    notify();
  });
  response.on('error', (error) => {
    failure = error;
    notify();
  });
  response.on('close', () => {
    // Without `end` the response was cut: a chunked body without its last chunk is not complete.
    if (!ended)
      failure ??= new SseKitError('ERR_CONNECTION_LOST', 'the connection ended within the response');
    notify();
  });
  const wait = async (): Promise<Uint8Array | null> => {
    for (;;) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      const chunk: Buffer | null = response.read();
      if (chunk) return chunk;
      if (failure) throw failure;
      if (ended) return null;
    }
  };
  return {
    read() {
      const chunk: Buffer | null = response.read();
      if (chunk) return chunk;
      if (failure) throw failure;
      return ended ? null : wait();
    },
  };
}
