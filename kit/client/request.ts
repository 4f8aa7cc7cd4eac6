import { EVENT_STREAM_TYPE, LAST_EVENT_ID_HEADER, LAST_EVENT_ID_QUERY } from '../protocol/constants.ts';
import type { AttemptInfo, ConnectOptions, PerAttempt } from './options.ts';
import type { TransportRequest } from './transport.ts';
import { absoluteUrl } from './url.ts';

/**
 * Builds the request of one attempt, calling every option that is a function. Rejects when one of them does.
 * @param trace the client's W3C trace id, so that the server's facts can be joined with the client's.
 */
export async function buildRequest(
  url: PerAttempt<string | URL>,
  options: ConnectOptions,
  info: AttemptInfo,
  trace: string,
): Promise<TransportRequest> {
  const [target, given, body] = await Promise.all([
    perAttempt(url, info),
    perAttempt(options.headers ?? {}, info),
    perAttempt(options.body ?? null, info),
  ]);
  const headers: Record<string, string> = { accept: EVENT_STREAM_TYPE };
  const { trace: where } = options;
  if (where === 'always' || (where !== 'never' && isSameOrigin(target))) {
    // The parent id has to differ from attempt to attempt, and that is all it has to do.
    headers.traceparent = `00-${trace}-${trace.slice(0, 8)}${info.attempt.toString(16).padStart(8, '0')}-01`;
  }
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value;
  let address = String(target);
  if (info.cursor) {
    if (options.cursor === 'query') address = withCursor(address, info.cursor);
    else headers[LAST_EVENT_ID_HEADER] = headerValue(info.cursor);
  }
  return {
    url: address,
    method: options.method ?? 'GET',
    headers,
    body,
    credentials: options.credentials ?? 'same-origin',
    signal: info.signal,
  };
}

async function perAttempt<T>(value: PerAttempt<T>, info: AttemptInfo): Promise<T> {
  return typeof value === 'function' ? (value as (info: AttemptInfo) => T | Promise<T>)(info) : value;
}

/** Whether a header of one's own costs no CORS preflight. Outside of pages and workers none ever does. */
function isSameOrigin(target: string | URL): boolean {
  const { location } = globalThis as Partial<typeof globalThis>;
  return !location || absoluteUrl(target).origin === location.origin;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const UNSENDABLE = /[\0-\x08\x0a-\x1f\x7f]/g;

/**
 * Header values are bytes: fetch takes only characters up to U+00FF and sends each as one byte, so the UTF-8 bytes of
 * the id (WHATWG HTML 9.2.4) have to be spelled as such characters. Without it a non-Latin-1 id makes fetch throw.
 *
 * Control characters cannot be sent at all (RFC 9110 5.5): Node throws on each of them, browsers on NUL, CR and LF, and
 * the client would try again forever. U+FFFD in their place makes it an id that no server has given, so the server says
 * what it says to any cursor that it cannot read.
 */
function headerValue(id: string): string {
  const bytes = new TextEncoder().encode(id.replace(UNSENDABLE, '\ufffd'));
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** Adds the cursor to the query of an absolute or relative URL, in the place of one that is there already. */
function withCursor(url: string, cursor: string): string {
  return url.replace(/(\?[^#]*)?(#.*)?$/s, (_, query?: string, hash = '') => {
    const search = new URLSearchParams(query);
    search.set(LAST_EVENT_ID_QUERY, cursor);
    return `?${search}${hash}`;
  });
}
