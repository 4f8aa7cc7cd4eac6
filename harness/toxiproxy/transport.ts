import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { quote } from '../../kit/protocol/errors.ts';
import { ToxiproxyError } from './errors.ts';

/** One answer of the HTTP API. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * One HTTP exchange with a deadline over all of it, body included. A socket per call: a restarted server would leave
 * dead sockets in a pool, and pooled sockets keep a test process alive.
 *
 * Rejects with `ERR_TOXIPROXY_DEADLINE` or `ERR_TOXIPROXY_UNREACHABLE`.
 */
export function exchange(method: string, url: string, body: unknown, deadlineMs: number): Promise<ApiAnswer> {
  const what = `${method} ${url}`;
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = send(url, {
      method,
      agent: false,
      headers: {
        'user-agent': 'sse-reliability-kit',
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    });
    const timer = setTimeout(() => {
      request.destroy(
        new ToxiproxyError('ERR_TOXIPROXY_DEADLINE', `${what}: no complete answer within ${deadlineMs} ms`),
      );
    }, deadlineMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(
        error instanceof ToxiproxyError
          ? error
          : new ToxiproxyError('ERR_TOXIPROXY_UNREACHABLE', `${what}: ${error.message || String(error)}`, {
              cause: error,
            }),
      );
    };
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.end(text);
  });
}

const CODES: Readonly<Record<number, string>> = {
  400: 'ERR_TOXIPROXY_BAD_REQUEST',
  404: 'ERR_TOXIPROXY_NOT_FOUND',
  409: 'ERR_TOXIPROXY_EXISTS',
};

/**
 * The server's own words for a failed call. Error bodies are JSON `{error, status}` served as `text/plain`; anything
 * else (a 503 of its 25 s time limit has an empty body) is quoted as it is.
 */
export function apiError(what: string, answer: ApiAnswer): ToxiproxyError {
  let message = quote(answer.body.trim(), 200);
  try {
    const parsed: unknown = JSON.parse(answer.body);
    if (parsed && typeof parsed === 'object' && 'error' in parsed) message = String(parsed.error);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const code = CODES[answer.status] ?? 'ERR_TOXIPROXY_API';
  return new ToxiproxyError(code, `${what}: ${answer.status} ${message}`, { status: answer.status });
}
