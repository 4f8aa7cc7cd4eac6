import type { StreamOpen } from '../protocol/control.ts';
import { parsePosition } from '../protocol/position.ts';
import { ownEntry, parseVector } from '../protocol/vector-cursor.ts';
import type { StreamEvent } from './event.ts';
import { createSequencer, type Sequencer, type SequencerPorts } from './sequencer.ts';

/** Sequencers for a response that carries one stream or several. */
export interface VectorSequencer {
  /** An event came, or (`null`) an id without one. */
  accept(event: StreamEvent | null, id: string | null): void;
  /** A connection begins that resumes from `cursor`. */
  connecting(cursor: string | null): void;
  /** `stream.open` came, with its id. */
  opened(open: StreamOpen, id: string | null): void;
  /** An event was passed over because it is too large: the hole it leaves is known. */
  skipped(): void;
  /** What decides for one stream of several: for the only one, on a response that carries one. */
  of(stream: string | undefined): Sequencer;
  /** When `expire` has to be called, in monotonic time; `Infinity` when nothing is held. */
  readonly dueAt: number;
  /** Events held because one before them is missing, or may come. */
  readonly holding: number;
  /** What is missing did not come in time. @returns whether to ask again from the cursor; else it was announced. */
  expire(now: number): boolean;
  /** The connection ended: what is held only for the sake of order is delivered. */
  flush(): void;
}

/**
 * Order, dedupe and completeness per stream (PROTOCOL.md, section 9). Which streams there are is said by the vector
 * cursors of `stream.open`; the cursor that is committed is built from what was handed on of each stream, because the
 * vectors on the wire are ahead of a stream whose events wait for one before them. With one stream nothing is added.
 */
export function createVectorSequencer(ports: SequencerPorts): VectorSequencer {
  const { policy, window } = ports;
  const byPosition = policy.by === 'sequence';
  /**
   * By name, as it is written in a vector. The one of no name is for a response that carries one stream, and for what
   * belongs to none of several; it is alone when order is not by sequence, for then the window decides.
   */
  const logs = new Map<string, Sequencer>();
  const suspects = new Set<unknown>();

  /** The vector of several streams; the cursor of a response that carries one. */
  const cursorOr = (one: string | null): string | null => {
    if (logs.size === 1) return one;
    const entries = Array.from(logs, ([name, { mark }]) => name && mark && `${name}=${mark}`);
    return entries.filter(Boolean).join(';') || null;
  };
  const add = (name: string): Sequencer => {
    const stream = decodeURIComponent(name);
    const own: SequencerPorts = {
      ...ports,
      deliver: (event, to) => ports.deliver(event, cursorOr(to)),
      fact: (fact) => ports.fact(name ? { ...fact, stream } : fact),
    };
    const log = createSequencer(own, suspects);
    logs.set(name, log);
    return log;
  };
  const single = add('');
  /** Keeps the streams that a vector names, and adds those that are new; `again`: all begin at its places. */
  const carry = (at: string | null, again: boolean): void => {
    const places = new Map([['', at]]);
    for (const entry of byPosition && at && parseVector(at) ? at.split(';') : []) {
      const [name, place] = entry.split('=') as [string, string];
      places.set(name, place);
    }
    for (const name of logs.keys()) if (!places.has(name)) logs.delete(name);
    for (const [name, place] of places) {
      const log = logs.get(name);
      if (again || !log) (log ?? add(name)).start(place);
    }
  };
  const accept: VectorSequencer['accept'] = (event, id) => {
    if (logs.size > 1 && id) {
      const [name = '', place = ''] = ownEntry(id).split('=');
      const log = parsePosition(place) && logs.get(name);
      if (log) {
        log.accept(event, place);
        return;
      }
    }
    single.accept(event, id);
  };
  const of = (stream = ''): Sequencer => logs.get(encodeURIComponent(stream)) ?? single;

  return {
    accept,
    connecting(from) {
      window.reset();
      suspects.clear();
      carry(from, true);
    },
    opened({ stream, epoch, resume }, id) {
      if (!id) return;
      carry(id, false);
      // In an epoch that is known contiguity decides, whatever the server believes. After a gap, the cannot-resume frame
      // that follows says where the stream goes on.
      if (resume !== 'gap' && of(stream).seenOf(epoch) < 0) accept(null, id);
      if (logs.size > 1) ports.deliver(null, cursorOr(null));
    },
    skipped() {
      for (const { held } of logs.values()) suspects.add(held);
    },
    of,
    get dueAt() {
      return Math.min(...Array.from(logs.values(), ({ held }) => held.dueAt));
    },
    get holding() {
      // Asked after each piece of the response.
      if (logs.size === 1) return single.held.size;
      let events = 0;
      for (const { held } of logs.values()) events += held.size;
      return events;
    },
    expire: (now) => Array.from(logs.values(), (log) => log.expire(now)).includes(true),
    flush() {
      if (!byPosition) single.expire(Number.POSITIVE_INFINITY);
    },
  };
}

/** The cursor after the event of `id` was committed by hand: of several streams only the event's own moves. */
export function committedBy(cursor: string | null, id: string): string {
  if (!cursor || !parseVector(cursor) || !parseVector(id)) return id;
  const own = ownEntry(id);
  return [own, ...others(cursor, own.slice(0, own.indexOf('=')))].join(';');
}

/** The cursor that goes on from `place` in one stream (`null`: as if it were new) and as before in the others. */
export function cursorAt(
  cursor: string | null,
  stream: string | undefined,
  place: string | null,
): string | null {
  if (!stream || !cursor || !parseVector(cursor)) return place;
  const name = encodeURIComponent(stream);
  return [...(place ? [`${name}=${place}`] : []), ...others(cursor, name)].join(';') || null;
}

const others = (vector: string, name: string): string[] =>
  vector.split(';').filter((entry) => !entry.startsWith(`${name}=`));
