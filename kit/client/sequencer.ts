import type { StreamOpen } from '../protocol/control.ts';
import { quote, SseKitError } from '../protocol/errors.ts';
import { parsePosition } from '../protocol/position.ts';
import { seqOf, standing } from './core/contiguity.ts';
import { type DedupeWindow, forgetOldest } from './core/dedupe-window.ts';
import { createReorderBuffer, type ReorderBounds } from './core/reorder-buffer.ts';
import type { StreamEvent } from './event.ts';
import type { ClientFactBody, GapReason } from './facts.ts';
import type { Clock } from './ports.ts';

/** What happens to events that do not come in order. */
export interface OrderPolicy extends ReorderBounds {
  /** What the order is read from. */
  readonly by: 'sequence' | 'id' | 'time' | 'none';
  /** Events out of order: waited for in a bounded buffer, delivered with a callback, or dropped with one. */
  readonly late: 'buffer' | 'deliver' | 'drop';
}

/** Where the sequencer sends what it decides. */
export interface SequencerOut {
  /** Hands an event on, in order. `cursor` is what is committed when its handler finished. */
  readonly deliver: (event: StreamEvent, cursor: string | null) => void;
  /** Moves the cursor past something without a handler, in order with the events. */
  readonly move: (cursor: string | null) => void;
  /** `stream` is the one of several that the fact is about. */
  readonly fact: (fact: ClientFactBody & { readonly stream?: string }) => void;
}

/** What to do about a loss: ask again from the committed cursor, or nothing more (it was announced). */
export type LossDecision = 'recover' | 'done';

/** The time, asked for where it is needed: wall time for what is saved, and one that does not jump for waits. */
export type Times = Pick<Clock, 'now' | 'monotonic'>;

/** Decides for each event whether it is next, seen, too early or too late. Knows no clock: time is passed in. */
export interface Sequencer {
  /** @param id what stands for the event: its `id:`, or the part of it that is about this stream. */
  accept(event: StreamEvent, times: Times, id?: string | null): void;
  /** An id came without an event: the last event ID is this one from now on; an empty one takes it back. */
  checkpoint(id: string): void;
  /** The handler of an event finished. */
  settled(event: StreamEvent, id?: string | null): void;
  /** What was handled up to the event of this id will not be asked for again. @param now wall time */
  committed(id: string, now: number): void;
  /** A connection begins that resumes from `cursor`: what was held will be sent again. */
  connecting(cursor: string | null): void;
  /** `stream.open` came, with its id. */
  opened(open: StreamOpen, id: string | null): void;
  /** Whether this connection has brought more already than what is announced to be the rest, after `from`. */
  isBehind(from: string): boolean;
  /** The server announced that it goes on after `from`. */
  jumped(from: string): void;
  /** The last sequence number seen, when it is of this epoch; -1 otherwise. */
  seenOf(epoch: string): number;
  /** When `expire` has to be called, in monotonic time; `Infinity` when nothing is held. */
  readonly dueAt: number;
  /** Events held because one before them is missing. */
  readonly holding: number;
  /** What is missing did not come in time. */
  expire(now: number): LossDecision;
  /** The connection ended: what is held only for the sake of order is delivered. */
  flush(): void;
  /** The server's head is beyond what came. */
  tailLost(headSeq: number): LossDecision;
  /** An event was passed over because it is too large: the hole it leaves is known. `false`: it was announced. */
  skipped(hole?: boolean): void;
}

/**
 * For positions: contiguity proves completeness, so dedupe needs no memory and a hole is noticed at once. A hole is
 * given `holdMs` to fill (a reordering network), then asked for again from the cursor; when the server sends the same
 * hole a second time it is announced as a gap. For opaque ids: a window of ids seen.
 */
export function createSequencer(policy: OrderPolicy, window: DedupeWindow, out: SequencerOut): Sequencer {
  /** The last position accepted; `prefix` is empty while there is none. Two variables: they change with each event. */
  let prefix = '';
  let seq = 0;
  /** The last id, position or not: WHATWG's "last event ID". */
  let lastId: string | null = null;
  /** `data:` of the event of that id; `null` when it is not at hand. Of the others nothing is kept. */
  let lastRaw: string | null = null;
  /** The sequence before the loss that was asked for again. */
  let askedAgain = -1;
  let oversized = false;
  /** The mark was moved by what came on this connection. */
  let moved = false;
  /** For order by id or time: the highest key delivered, and the last cursor with nothing held before it. */
  let highest = Number.NEGATIVE_INFINITY;
  let safe: string | null = null;
  /** Sequence numbers that were passed over for the sake of speed: they are late when they come, not seen before. */
  const passed = new Set<number>();
  const held = createReorderBuffer<StreamEvent>(policy);
  /** Opaque ids handed on whose handler has not finished: not in the window, which may be saved at any time. */
  const inFlight = new Set<string | null>();
  /** Those whose handler has finished, in that order, as long as they are not committed. */
  const handled = new Set<string>();
  const byPosition = policy.by === 'sequence';

  const setMark = (id: string | null): void => {
    const position = id && byPosition ? parsePosition(id) : null;
    prefix = position ? `${position.epoch}.` : '';
    seq = position?.seq ?? 0;
    if (id !== lastId) lastRaw = null;
    lastId = id;
    passed.clear();
  };
  const advance = (event: StreamEvent, to: number, id: string): void => {
    seq = to;
    moved = true;
    lastId = id;
    lastRaw = event.raw;
    out.deliver(event, lastId);
  };
  const release = (): void => {
    while (held.size > 0) {
      const next = held.take(seq + 1);
      if (!next) return;
      advance(next, seq + 1, prefix + (seq + 1));
    }
  };
  const duplicate = ({ id, type, raw }: StreamEvent, own: string): void => {
    if (id === null) return;
    out.fact({ kind: 'duplicate', id, type });
    if (own !== lastId || lastRaw === null || raw === lastRaw) return;
    const error = new SseKitError('ERR_ID_REUSED', `${quote(id)} came again with other data`);
    out.fact({ kind: 'error', code: error.code, message: error.message, error });
  };
  const announce = (reason: GapReason, from: number): void => {
    out.fact({ kind: 'gap', reason, after: prefix + seq, from: prefix + from, missed: from - seq });
    seq = from;
    lastId = prefix + from;
    lastRaw = null;
    out.move(lastId);
    release();
  };
  const jumpedUnannounced = (from: string): void => {
    out.fact({ kind: 'gap', reason: 'epoch-changed', after: lastId, from, missed: null });
    held.clear();
    passed.clear();
  };

  const acceptOpaque = (event: StreamEvent, times: Times, own: string | null): void => {
    const { id } = event;
    if (own) {
      if (inFlight.has(own) || handled.has(own) || window.has(own, times.now())) {
        duplicate(event, own);
        return;
      }
      inFlight.add(own);
    }
    if (id !== null) {
      lastId = id;
      lastRaw = event.raw;
    }
    if (policy.by === 'id' || policy.by === 'time') acceptKeyed(event, times.monotonic(), own);
    else out.deliver(event, lastId);
  };
  /** Order by number in the id or by time. There is no next one to wait for, so a buffer can only wait for time to pass. */
  const acceptKeyed = (event: StreamEvent, now: number, own: string | null): void => {
    const key = policy.by === 'id' ? Number(event.id || Number.NaN) : (event.publishedAt ?? Number.NaN);
    const { id, type } = event;
    const late = key < highest;
    if (!late && policy.late === 'buffer' && key >= 0) {
      held.hold(key, event, now);
      return;
    }
    if (late) {
      const action = policy.late === 'drop' ? 'dropped' : 'delivered';
      out.fact({ kind: 'out-of-order', id, type, action, announced: false });
    } else if (key >= 0) highest = key;
    if (late && policy.late === 'drop') {
      inFlight.delete(own);
      out.move(safeCursor());
    } else out.deliver(event, safeCursor());
  };
  /** The cursor never passes an event that is held: after a crash it would be lost. */
  const safeCursor = (): string | null => {
    if (held.size === 0) safe = lastId;
    return safe;
  };
  const releaseKeyed = (now: number): void => {
    while (held.size > 0 && held.dueAt <= now) {
      highest = held.lowest;
      const event = held.takeLowest();
      if (event) out.deliver(event, safeCursor());
    }
  };
  const acceptForeign = (event: StreamEvent, id: string, times: Times): void => {
    const position = byPosition ? parsePosition(id) : null;
    if (!position) {
      acceptOpaque(event, times, id);
      return;
    }
    if (prefix) jumpedUnannounced(id);
    prefix = `${position.epoch}.`;
    advance(event, position.seq, id);
  };
  const passOver = (from: number, to: number): void => {
    for (let missing = Math.max(from, to - policy.bufferEvents); missing < to; missing++) passed.add(missing);
    for (const oldest of passed) {
      if (passed.size <= policy.bufferEvents) break;
      passed.delete(oldest);
    }
  };
  const acceptLate = (event: StreamEvent): void => {
    const { id, type } = event;
    const deliver = policy.late === 'deliver';
    const action = deliver ? 'delivered' : 'dropped';
    out.fact({ kind: 'out-of-order', id, type, action, announced: true });
    if (deliver) out.deliver(event, lastId);
  };
  const acceptAhead = (event: StreamEvent, own: string, ahead: number, times: Times): void => {
    const { id, type } = event;
    if (oversized) {
      oversized = false;
      announce('too-large', Math.min(ahead, held.lowest) - 1);
      accept(event, times, own);
    } else if (policy.late !== 'buffer') {
      passOver(seq + 1, ahead);
      announce('order', ahead - 1);
      advance(event, ahead, own);
    } else if (held.has(ahead)) {
      duplicate(event, own);
    } else {
      out.fact({ kind: 'out-of-order', id, type, action: 'buffered', announced: false });
      held.hold(ahead, event, times.monotonic());
    }
  };
  const lost = (reason: GapReason, from: number): LossDecision => {
    if (!prefix) return 'done';
    if (askedAgain !== seq) {
      askedAgain = seq;
      return 'recover';
    }
    announce(reason, from);
    return 'done';
  };

  const accept: Sequencer['accept'] = (event, times, id = event.id) => {
    if (id === null || prefix === '') {
      if (id) acceptForeign(event, id, times);
      else acceptOpaque(event, times, id);
      return;
    }
    const came = seqOf(id, prefix);
    switch (standing(seq, came)) {
      case 'next':
        // What was too large left no hole here.
        oversized = false;
        advance(event, came, id);
        if (held.size > 0) release();
        return;
      case 'seen':
        if (passed.size > 0 && passed.delete(came)) acceptLate(event);
        else duplicate(event, id);
        return;
      case 'ahead':
        acceptAhead(event, id, came, times);
        return;
      case 'foreign':
        acceptForeign(event, id, times);
        return;
    }
  };

  return {
    accept,
    checkpoint(id) {
      const came = prefix ? seqOf(id, prefix) : -1;
      // Contiguity decides: the cursor passes nothing that is missing, whatever the server says.
      if (came >= 0 ? came !== seq + 1 : byPosition && held.size > 0) return;
      if (came < 0 && prefix && parsePosition(id)) jumpedUnannounced(id);
      if (came >= 0) {
        seq = came;
        lastId = id;
        lastRaw = null;
      } else setMark(id);
      out.move(byPosition ? id : safeCursor());
      if (came >= 0) release();
    },
    settled(event, id = event.id) {
      if (inFlight.size === 0 || !id || !inFlight.delete(id)) return;
      // A copy of its own: a slice would keep the whole chunk that it came with in memory.
      handled.add(` ${id}`.slice(1));
      if (handled.size > window.limit) forgetOldest(handled);
    },
    committed(id, now) {
      if (handled.size === 0 || !handled.has(id)) return;
      for (const each of handled) {
        handled.delete(each);
        window.add(each, now);
        if (each === id) return;
      }
    },
    connecting(cursor) {
      safe = cursor;
      held.clear();
      inFlight.clear();
      handled.clear();
      oversized = moved = false;
      setMark(cursor);
    },
    opened({ epoch, resume }, id) {
      // After a gap, the cannot-resume frame that follows says where the stream goes on.
      if (!id || resume === 'gap') return;
      if (prefix) {
        if (prefix === `${epoch}.`) return; // contiguity decides, whatever the server believes
        jumpedUnannounced(id);
      }
      setMark(id);
      out.move(id);
    },
    isBehind: (from) => moved && prefix !== '' && standing(seq, seqOf(from, prefix)) === 'seen',
    jumped(from) {
      moved = true;
      held.clear();
      setMark(from);
      out.move(from);
    },
    seenOf: (epoch) => (prefix === `${epoch}.` ? seq : -1),
    get dueAt() {
      return held.dueAt;
    },
    get holding() {
      return held.size;
    },
    expire(now) {
      if (!byPosition) releaseKeyed(now);
      return byPosition && held.size > 0 ? lost('hole', held.lowest - 1) : 'done';
    },
    flush() {
      if (!byPosition) releaseKeyed(Number.POSITIVE_INFINITY);
    },
    tailLost: (headSeq) => lost('tail-loss', headSeq),
    skipped(hole = true) {
      oversized = hole;
    },
  };
}
