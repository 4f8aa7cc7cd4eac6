import { setTimeout as delay } from 'node:timers/promises';
import { SCRIPT as BOM } from '../scenarios/malformed/bom.ts';
import { SCRIPT as CHUNKING } from '../scenarios/malformed/chunking.ts';
import { SCRIPT as FIELDS } from '../scenarios/malformed/fields.ts';
import { SCRIPT as NEWLINES } from '../scenarios/malformed/newlines.ts';
import { END, type Script } from '../scenarios/malformed/script.ts';
import { type Bench, isClosedForGood } from './bench.ts';
import type { RawAnswer } from './raw-server.ts';

/** Does something to a browser and says in a few words what it did: the words that `facts.ts` expects. */
export type Experiment = (bench: Bench) => Promise<string>;

const OPEN = 'data: hello\n\n';
const QUICK = 'retry: 50\n';

/** The gaps between one request and the next, in ms. */
function gaps({ server }: Bench): number[] {
  const at = server.requests.map((request) => request.at);
  return at.slice(1).map((time, i) => time - (at[i] ?? 0));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** What follows a second answer: the third request, or the end. */
function afterSecondAnswer(second: (answer: RawAnswer) => void): Experiment {
  return async (bench) => {
    bench.server.answer = (n, answer) => {
      if (n === 2) return second(answer);
      answer.stream(`${QUICK}${OPEN}`);
      if (n === 1) answer.fin();
    };
    await bench.open();
    await bench.until(
      'the browser has dealt with the second answer',
      () => isClosedForGood(bench) || bench.server.requests.length > 2,
    );
    return isClosedForGood(bench) ? 'closed for good' : 'reconnects';
  };
}

/** What stands in Last-Event-ID after a stream of these bytes has ended. */
function cursorAfter(bytes: string): Experiment {
  return async (bench) => {
    bench.server.answer = (n, answer) => {
      answer.stream(`${QUICK}${bytes}`);
      if (n === 1) answer.fin();
    };
    await bench.open();
    await bench.until('it comes back', () => bench.server.requests.length > 1);
    return `resumes from ${bench.server.requests[1]?.lastEventId ?? 'nowhere'}`;
  };
}

/** What `onmessage` saw of these bytes before the event that follows them. */
function messagesOf(bytes: string, said: (data: readonly string[]) => string): Experiment {
  return async (bench) => {
    bench.server.answer = (_, answer) => answer.stream(`${bytes}data: end\n\n`);
    await bench.open();
    await bench.until('the last event arrives', () => bench.events.some(({ data }) => data === 'end'));
    const data = bench.events.flatMap((event) => (event.kind === 'message' ? [event.data] : []));
    return said(data.slice(0, data.indexOf('end')));
  };
}

/** What it makes of a script of the scenarios `malformed/*`, sent byte by byte: where it differs from the rules. */
function scripted({ bytes, events }: Script): Experiment {
  return async (bench) => {
    bench.server.answer = async (n, answer) => {
      if (n > 1) return answer.status(204);
      answer.stream('');
      for (const byte of [...bytes, ...END.bytes]) {
        answer.raw(Buffer.of(byte));
        await delay(1);
      }
      answer.fin();
    };
    await bench.open();
    await bench.until('it asks again', () => isClosedForGood(bench) || bench.server.requests.length > 1);
    const text = (type: string, id: string, data: string) => JSON.stringify([type, id, data]);
    const heard = ['message', 'named'];
    const wanted = [...events, ...END.events]
      .filter(({ type }) => heard.includes(type))
      .map(({ type, lastEventId, data }) => text(type, lastEventId, data));
    const got = bench.events
      .filter(({ kind }) => heard.includes(kind))
      .map(({ kind, lastEventId, data }) => text(kind, lastEventId, data));
    const lost = wanted.filter((each) => !got.includes(each)).map((each) => `no ${each}`);
    const made = got.filter((each) => !wanted.includes(each)).map((each) => `but ${each}`);
    if (lost.length + made.length > 0) return [...lost, ...made].join(', ');
    return got.join() === wanted.join() ? 'as the rules say' : 'in another order';
  };
}

/** A reused connection that ends between request and answer. */
function endOfReused(end: (answer: RawAnswer) => void): Experiment {
  const RETRY_MS = 2000;
  return async (bench) => {
    const { server } = bench;
    server.answer = (n, answer) => {
      if (n === 1) {
        answer.chunked(`retry: ${RETRY_MS}\n${OPEN}`);
        answer.raw('0\r\n\r\n');
      } else if (n === 2) end(answer);
      else answer.stream(OPEN);
    };
    await bench.open();
    await bench.until('it asks a third time', () => server.requests.length > 2);
    const [first, second, third] = server.requests;
    if (first?.connection !== second?.connection) return 'does not reuse the connection';
    return (third?.at ?? 0) - (second?.at ?? 0) < RETRY_MS / 2
      ? 'silently re-sent: the server sees 2 requests'
      : 'waits before it asks again';
  };
}

export const experiments = {
  'default-retry': async (bench) => {
    bench.server.answer = (n, answer) => {
      answer.stream(OPEN);
      if (n === 1) answer.fin();
    };
    await bench.open();
    await bench.until('it comes back', () => bench.server.requests.length > 1);
    // A busy machine is late and never early, so the seconds are rounded down.
    return `${Math.floor(((gaps(bench)[0] ?? 0) + 100) / 1000)} s`;
  },

  'retry-0': async (bench) => {
    bench.server.answer = (n, answer) => {
      answer.stream(`retry: 0\n${OPEN}`);
      if (n < 5) answer.fin();
    };
    await bench.open();
    await bench.until('it has come back four times', () => bench.server.requests.length > 4);
    // The shortest: a busy machine adds to every gap, and takes nothing from a floor.
    const gapMs = Math.min(...gaps(bench));
    return gapMs < 250 ? 'no floor: a storm' : `${Math.round(gapMs / 500) * 500} ms floor`;
  },

  'retry-exact': async (bench) => {
    const RETRY_MS = 600;
    bench.server.answer = (n, answer) => {
      answer.stream(`retry: ${RETRY_MS}\n${OPEN}`);
      if (n < 5) answer.fin();
    };
    await bench.open();
    await bench.until('it has come back four times', () => bench.server.requests.length > 4);
    const early = gaps(bench).some((gapMs) => gapMs < RETRY_MS * 0.97);
    const late = median(gaps(bench)) > RETRY_MS * 1.4;
    return early || late ? `gaps of ${gaps(bench).map(Math.round).join(', ')} ms` : 'as told, without jitter';
  },

  'status-429': afterSecondAnswer((answer) => answer.status(429, 'Retry-After: 1\r\n')),
  'status-502': afterSecondAnswer((answer) => answer.status(502)),
  'status-503': afterSecondAnswer((answer) => answer.status(503, 'Retry-After: 1\r\n')),
  'status-204': afterSecondAnswer((answer) => answer.status(204)),
  'wrong-type': afterSecondAnswer((answer) =>
    answer.raw('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi'),
  ),
  'broken-chunking': afterSecondAnswer((answer) => {
    answer.chunked(`${QUICK}${OPEN}`);
    answer.raw('this is no chunk size\r\n');
  }),

  'id-only': cursorAfter('id: 1\ndata: one\n\nid: 2\n\n'),
  'id-empty': cursorAfter('id: 1\ndata: one\n\nid:\ndata: two\n\n'),
  'id-with-named-event': cursorAfter('id: 1\ndata: one\n\nid: 2\nevent: x\ndata: {}\n\n'),
  'named-event-silent': messagesOf('id: 2\nevent: x\ndata: {}\n\n', (data) =>
    data.length === 0 ? 'onmessage does not fire' : 'onmessage fires',
  ),
  'empty-data': messagesOf('id: 1\ndata:\n\n', (data) =>
    data.length === 0 ? 'no event' : `onmessage fires with ${JSON.stringify(data[0])}`,
  ),
  'nul-in-id': messagesOf('id: a\0b\ndata: nul\n\n', (data) =>
    data.includes('nul') ? 'event delivered' : 'event lost',
  ),

  'malformed-fields': scripted(FIELDS),
  'malformed-newlines': scripted(NEWLINES),
  'malformed-bom': scripted(BOM),
  'malformed-chunking': scripted(CHUNKING),

  'head-alone': async (bench) => {
    const { server, events } = bench;
    let body: RawAnswer | undefined;
    server.answer = (_, answer) => {
      answer.stream('');
      body = answer;
    };
    await bench.open();
    await bench.until('it asks', () => server.requests.length > 0);
    const withHead = await bench
      .until('it opens', () => events.some(({ kind }) => kind === 'open'), HEAD_ALONE_MS)
      .then(
        () => true,
        () => false,
      );
    body?.raw(OPEN);
    await bench.until('the event arrives', () => events.some(({ kind }) => kind === 'message'));
    return withHead ? 'opens with the head' : 'opens with the first byte of the body';
  },

  'reused-fin': endOfReused((answer) => answer.fin()),
  'reused-rst': endOfReused((answer) => answer.rst()),

  refused: async (bench) => {
    const RETRY_MS = 200;
    const { server, events } = bench;
    server.answer = (_, answer) => answer.stream(`retry: ${RETRY_MS}\n${OPEN}`);
    await bench.open();
    await bench.until('it is open', () => events.some(({ kind }) => kind === 'message'));
    await server.refuse();
    const failures = () => events.filter(({ kind }) => kind === 'error');
    await bench.until(
      'it has failed ten times',
      () => isClosedForGood(bench) || failures().length >= 10,
      20_000,
    );
    if (isClosedForGood(bench)) return 'closed for good';
    const at = failures().map((event) => event.at);
    const between = at.slice(1).map((time, i) => time - (at[i] ?? 0));
    const early = median(between.slice(0, 4));
    const late = median(between.slice(-4));
    const before = server.requests.length;
    await server.accept();
    await bench.until('it comes back', () => server.requests.length > before);
    return late < 2 * early + RETRY_MS ? 'retries, no backoff' : 'retries with backoff';
  },

  'half-open': async (bench) => {
    const { server, events } = bench;
    server.answer = (_, answer) => answer.stream(`${QUICK}${OPEN}`);
    await bench.open();
    await bench.until('it is open', () => events.some(({ kind }) => kind === 'message'));
    await delay(HALF_OPEN_MS);
    return events.some(({ kind }) => kind === 'error') ? 'noticed' : 'not noticed';
  },

  'set-offline': async (bench) => {
    const { page, server, events } = bench;
    let send: RawAnswer | undefined;
    server.answer = (_, answer) => {
      answer.stream(OPEN);
      send = answer;
    };
    await bench.open();
    await bench.until('it is open', () => events.some(({ kind }) => kind === 'message'));
    await page.context().setOffline(true);
    const onLine = await page.evaluate(() => navigator.onLine);
    send?.raw('data: still here\n\n');
    const seen = () => events.some(({ data }) => data === 'still here');
    await bench.until(
      'the stream goes on or ends',
      () => seen() || events.some(({ kind }) => kind === 'error'),
    );
    await page.context().setOffline(false);
    return `${seen() ? 'the stream goes on' : 'the stream ends'}, onLine ${onLine}`;
  },
} satisfies Readonly<Record<string, Experiment>>;

export type ExperimentName = keyof typeof experiments;

/** Time that a browser has to open on a head alone. */
const HEAD_ALONE_MS = 1000;
/** The 15 s of the measurement, where time allows; else long enough to tell an eager keep-alive. */
const HALF_OPEN_MS = process.env.SSE_KIT_LONG_FACTS ? 15_000 : 3000;
