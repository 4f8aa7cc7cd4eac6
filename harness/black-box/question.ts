import type { RequestHead } from '../sse-proxy/index.ts';

/**
 * How a server that is not ours is asked for its stream. Tokens travel in the user part of its URL, in the query and in
 * headers: they go to the server and nowhere else, so that no history and no report holds them.
 */
export interface Question {
  /** Without user part and query. */
  readonly url: URL;
  /** With the question mark; empty for none. */
  readonly query: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the server wants the cursor: `Last-Event-ID`, or `?lastEventId=`. */
  readonly cursor: 'header' | 'query';
}

/** Takes the secrets of a URL apart. */
export function questionOf(
  given: URL,
  { headers = {}, cursor = 'header' }: Partial<Pick<Question, 'headers' | 'cursor'>> = {},
): Question {
  const url = new URL(given);
  const { search: query, username, password } = url;
  for (const part of ['username', 'password', 'search', 'hash'] as const) url[part] = '';
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const basic = username === '' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  return { url, query, cursor, headers: { ...basic, ...headers } };
}

/** What the proxy asks in the place of a client that was told neither the server's name nor its secrets. */
export function asServerWants({ url, query, headers }: Question, request: RequestHead): RequestHead {
  // Compressed, a stream cannot be broken at an event.
  const own = { host: url.host, 'accept-encoding': 'identity', ...headers };
  return {
    ...request,
    url: query === '' ? request.url : joined(request.url, query),
    headers: [...request.headers.filter(([name]) => !(name.toLowerCase() in own)), ...Object.entries(own)],
  };
}

/**
 * Asks directly, with no fault in between.
 * @param after id to go on after; empty for none.
 */
export function ask(question: Question, after: string, signal: AbortSignal): Promise<Response> {
  const { url, query, headers, cursor } = question;
  const target = new URL(query, url);
  if (after !== '' && cursor === 'query') target.searchParams.set('lastEventId', after);
  return fetch(target, {
    signal,
    headers: {
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      ...headers,
      // Sent as UTF-8, as browsers do; fetch takes one character for one byte.
      ...(after !== '' && cursor === 'header'
        ? { 'last-event-id': Buffer.from(after, 'utf8').toString('latin1') }
        : {}),
    },
  });
}

/** The body of an answer that is an event stream; `null` when there is no more to come (204). @throws Error for any other */
export async function streamOf(response: Response): Promise<ReadableStream<Uint8Array> | null> {
  if (response.status === 204) return null;
  const type = response.headers.get('content-type') ?? 'no content type';
  if (response.status === 200 && response.body && /^text\/event-stream\b/i.test(type)) return response.body;
  await response.body?.cancel();
  throw new Error(`it answered ${response.status} with ${type}`);
}

/** What undici wraps in "fetch failed" says more than the wrapping. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}

function joined(path: string, query: string): string {
  const [before = '', after] = path.split('?');
  return after === undefined ? `${before}${query}` : `${before}${query}&${after}`;
}
