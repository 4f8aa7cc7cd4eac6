import { isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parsePosition } from '../../kit/protocol/index.ts';
import { type ExchangeRequest, type LiveExchange, openExchange } from './exchange.ts';
import { eventsOf } from './findings.ts';
import type { Exchange, Observations, Purpose, SeenFrame } from './types.ts';

/** What to audit. */
export interface AuditTarget {
  readonly url: URL;
  /** The URL as it may be printed. */
  readonly shownUrl: string;
  /** Sent with each request to the origin of the URL; never to another one that it redirects to. */
  readonly headers: Readonly<Record<string, string>>;
  readonly origin: string | null;
  /** Everything is over after so long. */
  readonly forMs: number;
  /** An idle stream has to say something within so long. */
  readonly idleMs: number;
}

const MAX_REDIRECTS = 5;
/** Statuses of Fetch 2.2.6 that carry a Location. */
const REDIRECTS = [301, 302, 303, 307, 308];
/** For what is not a stream. */
const ANSWER_MS = 3000;
/** Events to wait for before the reconnect is tried. */
const ENOUGH_EVENTS = 5;

/**
 * Looks at an endpoint, on at most nine connections besides redirects, of which at most four are open at a time: one
 * listens all the time, beside it a reconnect, a request with an unknown id, HEAD and OPTIONS.
 * @param signal ends it early; what was seen until then is returned.
 */
export async function observe(target: AuditTarget, signal?: AbortSignal): Promise<Observations> {
  const { origin, forMs, idleMs } = target;
  const startedUnixMs = Date.now();
  const zero = performance.now();
  const now = () => performance.now() - zero;
  const open = new Set<LiveExchange>();
  const start = (request: ExchangeRequest): LiveExchange => {
    const exchange = openExchange(request, now);
    open.add(exchange);
    if (signal?.aborted) exchange.close();
    return exchange;
  };
  const over = () => {
    for (const exchange of open) exchange.close();
  };
  signal?.addEventListener('abort', over, { once: true });
  try {
    const { stream, at, headers, redirects } = await arrive(target, start);
    const ask = (purpose: Purpose, more: Partial<ExchangeRequest> = {}) =>
      start({ purpose, url: at, ...more, headers: { ...headers, ...more.headers } });
    const usable = stream.seen().status === 200;
    const asides = async () => {
      if (stream.seen().headAt === null) return NO_ASIDES;
      const head = await answer(ask('head', { method: 'HEAD' }), now);
      const options = await answer(ask('options', { method: 'OPTIONS' }), now);
      const preflight =
        origin === null ? null : await answer(startPreflight(at, origin, headers, start), now);
      const alpn = at.protocol === 'https:' ? await agreedProtocol(at) : null;
      return { head, options, preflight, alpn };
    };
    const plain = async (): Promise<Exchange | null> => {
      if (!usable || stream.seen().headers['content-encoding'] === undefined) return null;
      const exchange = ask('uncompressed');
      await exchange.until(({ frames }) => frames.length > 0, forMs);
      exchange.close();
      return exchange.seen();
    };
    const [others, uncompressed, cursors] = await Promise.all([
      asides(),
      plain(),
      usable ? tryCursors(stream, ask, forMs) : NO_CURSORS,
      stream.until(() => !usable, forMs),
    ]);
    stream.close();
    return {
      url: target.shownUrl,
      secure: at.protocol === 'https:',
      startedUnixMs,
      forMs,
      idleMs,
      origin,
      headerNames: Object.keys(target.headers),
      redirects,
      ...others,
      stream: stream.seen(),
      uncompressed,
      ...cursors,
    };
  } finally {
    signal?.removeEventListener('abort', over);
    over();
  }
}

const NO_ASIDES = { head: null, options: null, preflight: null, alpn: null } as const;
const NO_CURSORS = { resume: null, unknownId: null } as const;

type Start = (request: ExchangeRequest) => LiveExchange;

/** The listening connection, at the end of all redirects. */
async function arrive({ url, headers, origin, forMs }: AuditTarget, start: Start) {
  let at = url;
  const withOrigin = origin === null ? headers : { ...headers, origin };
  for (let redirects = 0; ; redirects++) {
    const sent = at.origin === url.origin ? withOrigin : origin === null ? {} : { origin };
    const stream = start({ purpose: 'stream', url: at, headers: sent });
    await stream.until(({ headAt }) => headAt !== null, forMs);
    const { status, headers: answered } = stream.seen();
    const to = answered.location;
    const next =
      REDIRECTS.includes(status) && to !== undefined && URL.canParse(to, at) ? new URL(to, at) : null;
    if (!next || !/^https?:$/.test(next.protocol) || redirects === MAX_REDIRECTS) {
      return { stream, at, headers: sent, redirects };
    }
    stream.close();
    at = next;
  }
}

async function answer(exchange: LiveExchange, now: () => number): Promise<Exchange> {
  const deadline = now() + ANSWER_MS;
  await exchange.until(({ headAt }) => headAt !== null, deadline);
  // A response without a body ends at once, and one that is a stream does not: the difference is what is asked for.
  await exchange.until(() => false, Math.min(deadline, now() + 200));
  exchange.close();
  return exchange.seen();
}

function startPreflight(at: URL, origin: string, headers: Readonly<Record<string, string>>, start: Start) {
  const names = ['last-event-id', ...Object.keys(headers).filter((name) => name !== 'origin')];
  const asked = {
    origin,
    'access-control-request-method': 'GET',
    'access-control-request-headers': names.sort().join(','),
  };
  return start({ purpose: 'preflight', url: at, method: 'OPTIONS', headers: asked });
}

/** Reconnects after an event that came, then with an id that no server has given. */
async function tryCursors(
  stream: LiveExchange,
  ask: (purpose: Purpose, more?: Partial<ExchangeRequest>) => LiveExchange,
  forMs: number,
) {
  const named = (seen: Exchange) => eventsOf(seen).filter(({ id }) => id);
  await stream.until((seen) => named(seen).length >= ENOUGH_EVENTS, forMs * 0.45);
  const before = named(stream.seen());
  const cursor = cursorAmong(before);
  let resume: Exchange | null = null;
  if (cursor !== null) {
    const exchange = ask('resume', { cursor });
    const due = before.slice(before.findIndex(({ id }) => id === cursor) + 1);
    const last = before.at(-1)?.at ?? 0;
    await exchange.until((seen) => {
      const got = new Set(eventsOf(seen).map(({ id }) => id));
      const live = named(stream.seen()).filter(({ at }) => at > Math.max(last, seen.sentAt));
      // All that had to follow, and something that is new to both: the seam between the two is passed.
      return due.every(({ id }) => got.has(id)) && live.some(({ id }) => got.has(id));
    }, forMs * 0.75);
    exchange.close();
    resume = exchange.seen();
  }
  const ours = before.length === 0 || parsePosition(before[0]?.id ?? '') !== null;
  const exchange = ask('unknown-id', { cursor: ours ? 'AuditNoSuchLog.1' : 'sse-kit-audit-unknown-id' });
  await exchange.until((seen) => eventsOf(seen).length >= 3, forMs * 0.95);
  exchange.close();
  return { resume, unknownId: exchange.seen() };
}

/** An event with some before it, which must not come again, and some after it, which must. */
function cursorAmong(events: readonly SeenFrame[]): string | null {
  const index = events.length < 3 ? 0 : Math.max(1, events.length - 6);
  return events[index]?.id ?? null;
}

/** What TLS agrees on when HTTP/2 is offered, '' for nothing; `null` when it cannot be found out. */
function agreedProtocol({ hostname, port }: URL): Promise<string | null> {
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const done = (answer: string | null) => {
      socket.destroy();
      resolve(answer);
    };
    const socket = connectTls({
      host,
      port: Number(port || 443),
      ...(isIP(host) === 0 ? { servername: host } : {}), // an address is no server name (RFC 6066 3)
      ALPNProtocols: ['h2', 'http/1.1'],
      timeout: ANSWER_MS,
    });
    socket.once('secureConnect', () => done(socket.alpnProtocol || ''));
    socket.once('timeout', () => done(null));
    socket.once('error', () => done(null));
  });
}
