import { digest } from '../../history/digest.ts';
import type { HistoryRecord } from '../../history/types.ts';
import type { Expectation, Records } from '../types.ts';

/** Start of every built history, unix ms. */
export const T0 = 1_000_000;
/** Name of the one planned fault of a built history. */
export const FAULT = 'toxiproxy/reset_peer#1';

/** Knobs of `healthyRun`. */
export interface RunOptions {
  readonly subjects?: readonly string[];
  readonly streams?: readonly string[];
  /** Events per stream before the sentinel. Default 20, one each 100 ms. */
  readonly events?: number;
  /** Times (ms after the start) at which the network cuts all connections for 150 ms. Default `[1050]`. */
  readonly cuts?: readonly number[];
  /** Milliseconds from noticing a cut to the next request. Default 200. */
  readonly backoffMs?: number;
  /** Events that each resume repeats on the wire; the client drops them. Default 0. */
  readonly overlap?: number;
}

/**
 * A history as a correct client, a correct server and an honest network leave it: cuts are noticed, resumes are
 * exact, replays fill what was missed, the sentinel arrives, everybody leaves.
 */
export function healthyRun(options: RunOptions = {}): Records {
  const {
    subjects = ['kit'],
    streams = ['s'],
    events = 20,
    cuts = [1050],
    backoffMs = 200,
    overlap = 0,
  } = options;
  const records: HistoryRecord[] = [];
  const endAt = T0 + events * 100 + 400 + cuts.length * backoffMs;
  const add = (record: HistoryRecord) => records.push(record);
  const produced = streams.flatMap((stream) =>
    Array.from({ length: events + 1 }, (_, i) => publish(stream, i + 1, endAt, i === events)),
  );
  for (const event of produced) add(event);
  add({ at: T0 + 1, kind: 'sample', name: 'server.rss', value: 50 * 2 ** 20, unit: 'bytes' });
  add({ at: endAt - 1, kind: 'sample', name: 'server.rss', value: 50.2 * 2 ** 20, unit: 'bytes' });
  cuts.forEach((cut, i) => {
    const fault = i === 0 ? FAULT : `toxiproxy/reset_peer#${i + 1}`;
    add({ at: T0, kind: 'fault', fault, phase: 'planned' });
    add({
      at: T0 + cut,
      kind: 'fault',
      fault,
      phase: 'fired',
      evidence: { rst: true, connections: subjects.length },
    });
    add({ at: T0 + cut + 150, kind: 'fault', fault, phase: 'healed' });
  });
  for (const subject of subjects) {
    for (const stream of streams) {
      follow({ subject, stream, cuts, backoffMs, overlap, endAt, produced, add });
    }
  }
  return records.sort((a, b) => a.at - b.at);
}

/** The expectation that `healthyRun` meets, with every check asked for. */
export const STRICT: Expectation = {
  guarantee: 'effectively-once',
  budget: {
    detectMs: 100,
    reconnectMs: 500,
    healMs: 500,
    catchUpMs: 300,
    duplicatesOnWire: 0,
    holesOnWire: 0,
    attempts: { min: 2, max: 3 },
    herdPeakPer100Ms: 2,
    memory: { 'server.rss': { maxBytes: 100 * 2 ** 20, maxGrowthBytes: 2 ** 20 } },
  },
  silence: { deadlineMs: 600, graceMs: 100, alarm: 'none' },
  faults: [FAULT],
};

/** Id of the n-th event. */
export function id(n: number, epoch = 'epochAAA'): string {
  return `${epoch}.${n}`;
}

function publish(stream: string, n: number, endAt: number, sentinel: boolean) {
  return {
    at: sentinel ? endAt - 200 : T0 + n * 100,
    kind: 'produced' as const,
    stream,
    id: id(n),
    type: sentinel ? 'sentinel' : 'tick',
    digest: digest({ stream, n }),
    ...(sentinel ? { sentinel } : {}),
  };
}

interface Follow {
  readonly subject: string;
  readonly stream: string;
  readonly cuts: readonly number[];
  readonly backoffMs: number;
  readonly overlap: number;
  readonly endAt: number;
  readonly produced: readonly ReturnType<typeof publish>[];
  readonly add: (record: HistoryRecord) => void;
}

function follow({ subject, stream, cuts, backoffMs, overlap, endAt, produced, add }: Follow): void {
  const mine = produced.filter((event) => event.stream === stream);
  let cursor = 0;
  let openAt = T0 + 12;
  for (let life = 0; life <= cuts.length; life++) {
    const cut = cuts[life];
    const connection = `${subject}-${stream}-c${life + 1}`;
    const until = cut === undefined ? endAt : T0 + cut;
    const lastEventId = life === 0 ? null : id(cursor);
    add({
      at: openAt - 3,
      kind: 'request',
      connection,
      subject,
      stream,
      method: 'GET',
      url: '/s',
      lastEventId,
    });
    add({ at: openAt - 2, kind: 'connection', connection, phase: 'opened' });
    const bytes = (at: number, text: string) => add(down(connection, at, text));
    bytes(openAt - 1, 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n');
    const resumed = life === 0 ? 'fresh' : 'ok';
    add({
      at: openAt,
      kind: 'open',
      subject,
      stream,
      connection,
      attempt: life + 1,
      status: 200,
      resume: resumed,
      lastEventId,
      cursor: id(cursor),
    });
    add({ at: openAt, kind: 'state', subject, state: 'open' });
    for (let at = openAt + 400; at < until; at += 400) {
      const head = mine.findLast((event) => event.at <= at);
      add({ at, kind: 'heartbeat', subject, stream, head: head?.id ?? id(0) });
    }
    let clock = openAt;
    for (let n = cursor - (life === 0 ? 0 : Math.min(overlap, cursor)) + 1; n <= mine.length; n++) {
      const event = mine[n - 1];
      if (!event) break;
      const at = Math.max(clock + 0.5, event.at + 2);
      if (at + 1 >= until) break;
      clock = at;
      const seen = { subject, stream, id: event.id, type: event.type, digest: event.digest };
      bytes(at - 0.2, `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify({ stream, n })}\n\n`);
      add({ at, kind: 'delivered', ...seen });
      if (n <= cursor) {
        add({ at: at + 0.1, kind: 'deduped', subject, stream, id: event.id });
        continue;
      }
      add({ at: at + 0.2, kind: 'processed', ...seen });
      cursor = n;
    }
    const final = cut === undefined;
    add({ at: until, kind: 'wire', tap: 't', connection, direction: 'down', event: final ? 'fin' : 'rst' });
    add({
      at: until + 5,
      kind: 'close',
      subject,
      stream,
      connection,
      cause: final ? 'closed' : 'network',
      ...(final ? { final } : {}),
    });
    add({ at: until + 6, kind: 'connection', connection, phase: 'closed' });
    if (final) break;
    add({ at: until + 7, kind: 'retry', subject, attempt: life + 2, delayMs: backoffMs, cause: 'network' });
    openAt = until + 5 + backoffMs;
  }
}

function down(connection: string, at: number, text: string): HistoryRecord {
  const bytes = Buffer.from(text);
  return {
    at,
    kind: 'wire',
    tap: 't',
    connection,
    direction: 'down',
    event: 'bytes',
    bytes: bytes.length,
    base64: bytes.toString('base64'),
  };
}
