import { createParser } from 'eventsource-parser';
import { SseKitError } from '../../kit/protocol/index.ts';
import { ask, type Question, reasonOf, streamOf } from './question.ts';

/** What a stream shows by itself, before anything is broken. */
export interface Look {
  readonly tookMs: number;
  readonly events: number;
  /** Of these, those with an id. */
  readonly named: number;
  readonly perSecond: number;
  /** Bytes of the body in a second. */
  readonly bytesPerSecond: number;
  /** The longest silence. */
  readonly quietMs: number;
  /** Bytes that hold the head of a response, what comes with its first event, and one or two events more. */
  readonly roomBytes: number;
  /** It says where a subscription begins: `stream.open` of this kit (PROTOCOL.md). */
  readonly positions: boolean;
  /** How often it promises a heartbeat there; `null` without a promise. */
  readonly heartbeatMs: number | null;
  /** Its connections can carry another request. */
  readonly keptAlive: boolean;
  /** Heartbeats that name a position. */
  readonly heartbeats: number;
}

/** Events that are enough to see the pace. */
const ENOUGH = 10;
/** What comes so soon after the first byte may be a replay of the past, and says nothing of the pace. */
const REPLAY_MS = 500;
/** Length of what fetch does not show: status line, and what frames the first chunks of the body. */
const FRAMING_BYTES = 40;
/** Names of the fields of an event, line ends, and the frame of its chunk. */
const FIELDS_BYTES = 30;

/**
 * Reads a stream until it has shown enough, for at most `forMs`; longer only until the first event.
 * @param patienceMs longest wait for the answer and for the first event.
 * @throws SseKitError `ERR_NO_ANSWER`, `ERR_NO_EVENTS`, or `ERR_USAGE` for a URL that leads elsewhere.
 */
export async function lookAt(
  question: Question,
  { forMs, patienceMs }: { forMs: number; patienceMs: number },
): Promise<Look> {
  const over = new AbortController();
  const answerBy = setTimeout(() => over.abort(new Error(`gave no answer in ${patienceMs} ms`)), patienceMs);
  const place = question.url.href;
  const noAnswer = (cause: unknown): never => {
    throw new SseKitError('ERR_NO_ANSWER', `no event stream at ${place}: ${reasonOf(cause)}`, { cause });
  };
  const response = await ask(question, '', over.signal)
    .catch(noAnswer)
    .finally(() => clearTimeout(answerBy));
  try {
    if (response.redirected) {
      const to = new URL(response.url);
      throw new SseKitError('ERR_USAGE', `${place} leads to ${to.origin}${to.pathname}: give that URL`);
    }
    const coding = response.headers.get('content-encoding') ?? 'identity';
    if (coding !== 'identity')
      noAnswer(new Error(`it is compressed (${coding}) although nobody asked for that`));
    const body = await streamOf(response).catch(noAnswer);
    if (!body) return noAnswer(new Error('it answered 204: the stream is complete'));
    const seen = {
      ...(await read(body, headBytes(response), { forMs, patienceMs, over })),
      ...keeping(response),
    };
    if (seen.perSecond === 0) {
      const what = seen.events > 0 ? 'nothing but what was sent at once' : 'no event';
      const why = `${what} came from ${place} within ${patienceMs / 1000} s`;
      throw new SseKitError(
        'ERR_NO_EVENTS',
        `${why}: let events flow while it is tried, or wait longer by --for`,
      );
    }
    return seen;
  } finally {
    over.abort();
  }
}

async function read(
  body: ReadableStream<Uint8Array>,
  headLength: number,
  { forMs, patienceMs, over }: { forMs: number; patienceMs: number; over: AbortController },
): Promise<Omit<Look, 'keptAlive'>> {
  const begin = performance.now();
  const now = () => performance.now() - begin;
  const seen = { bytes: 0, firstByteAt: Number.POSITIVE_INFINITY, lastAt: 0, quietMs: 0 };
  const events = { all: 0, live: 0, named: 0, heartbeats: 0, beforeFirst: 0, largest: 0 };
  let open: string | null = null;
  const parser = createParser({
    onEvent: ({ id = '', event = '', data }) => {
      if (event === 'stream.open') open = data;
      if (event.startsWith('stream.')) return;
      if (events.all++ === 0) events.beforeFirst = seen.bytes;
      else events.largest = Math.max(events.largest, id.length + event.length + data.length + FIELDS_BYTES);
      if (id !== '') events.named++;
      if (now() >= seen.firstByteAt + REPLAY_MS && ++events.live >= ENOUGH) over.abort();
    },
    onComment: (comment) => {
      if (/^ ?hb \S+ \d+$/.test(comment)) events.heartbeats++;
    },
  });
  const enough = setTimeout(() => events.live > 0 && over.abort(), forMs);
  const late = setTimeout(() => events.live === 0 && over.abort(), patienceMs);
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body) {
      seen.firstByteAt = Math.min(seen.firstByteAt, now());
      seen.quietMs = Math.max(seen.quietMs, now() - seen.lastAt);
      seen.lastAt = now();
      seen.bytes += chunk.length;
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (events.live > 0 && seen.lastAt >= forMs) break;
    }
  } catch {
    // Aborted here, or cut by the server: what it showed until then counts.
  } finally {
    clearTimeout(enough);
    clearTimeout(late);
  }
  const tookMs = Math.max(1, now());
  return {
    tookMs,
    events: events.all,
    named: events.named,
    perSecond: (events.live * 1000) / Math.max(1, tookMs - seen.firstByteAt - REPLAY_MS),
    bytesPerSecond: (seen.bytes * 1000) / tookMs,
    quietMs: Math.max(seen.quietMs, tookMs - seen.lastAt),
    roomBytes: Math.ceil(headLength + events.beforeFirst + 1.5 * events.largest),
    positions: open !== null,
    heartbeatMs: open === null ? null : promiseIn(open),
    heartbeats: events.heartbeats,
  };
}

function promiseIn(open: string): number | null {
  try {
    const { heartbeatMs } = JSON.parse(open) as { heartbeatMs?: unknown };
    return typeof heartbeatMs === 'number' && heartbeatMs > 0 ? heartbeatMs : null;
  } catch {
    return null; // of the same name by chance
  }
}

function keeping({ headers }: Response): Pick<Look, 'keptAlive'> {
  // A body that only the end of its connection ends leaves none for later (RFC 9112 6.3).
  const framed = headers.get('transfer-encoding') === 'chunked';
  return { keptAlive: framed && headers.get('connection')?.toLowerCase() !== 'close' };
}

function headBytes({ headers }: Response): number {
  return [...headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, FRAMING_BYTES);
}
