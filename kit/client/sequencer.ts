import type { CannotResume } from '../protocol/control.ts';
import { quote, SseKitError } from '../protocol/errors.ts';
import { parsePosition, seqOf } from '../protocol/position.ts';
import { type DedupeWindow, forgetOldest } from './core/dedupe-window.ts';
import { createReorderBuffer, type ReorderBounds, type ReorderBuffer } from './core/reorder-buffer.ts';
import type { StreamEvent } from './event.ts';
import type { ClientFactBody, GapReason, OrderAction } from './facts.ts';
import type { Clock } from './ports.ts';

/** What happens to events that do not come in order. */
export interface OrderPolicy extends ReorderBounds {
  /** What the order is read from. */
  readonly by: 'sequence' | 'id' | 'time' | 'none';
  /** Events out of order: waited for in a bounded buffer, delivered with a callback, or dropped with one. */
  readonly late: 'buffer' | 'deliver' | 'drop';
}

/** What a sequencer works with, and where it sends what it decides. */
export interface SequencerPorts {
  readonly policy: OrderPolicy;
  readonly window: DedupeWindow;
  /** Wall time for what is saved, and one that does not jump for waits. */
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /**
   * Hands an event on, in order; without one (`null`) only the cursor moves. `cursor` is what is committed when its
   * handler finished.
   */
  readonly deliver: (event: StreamEvent | null, cursor: string | null) => void;
  /** `stream` is the one of several that the fact is about. */
  readonly fact: (fact: ClientFactBody & { readonly stream?: string }) => void;
}

/** Decides for each event of a stream whether it is next, seen, too early or too late. */
export interface Sequencer {
  /**
   * An event came, or (`null`) an id without one: the last event ID is this one from now on, unless something before it
   * is missing; an empty one takes it back.
   * @param id of the event, or of several streams the part of it that is about this one
   */
  accept(event: StreamEvent | null, id: string | null): void;
  /** Goes on from `place`: what was held will be sent again. @param moved see `cannotResume` */
  start(place: string | null, moved?: boolean): void;
  /** The last sequence number seen, when it is of this epoch; -1 otherwise. */
  seenOf(epoch: string): number;
  /**
   * The server announced a loss, and that it goes on after its `from`. `false`: this connection moved the mark already
   * to there or beyond, so it is a copy of what was said before.
   */
  cannotResume(loss: CannotResume): boolean;
  /** The server's head is beyond what came. @returns whether to ask again from the cursor; else it was announced. */
  tailLost(headSeq: number): boolean;
  /** What is missing did not come in time. @param now monotonic time @returns as `tailLost` */
  expire(now: number): boolean;
  /** Events held because one before them is missing, or may come. */
  readonly held: Pick<ReorderBuffer<StreamEvent>, 'size' | 'dueAt'>;
  /** WHATWG's "last event ID"; among several streams the position of the last event that was handed on. */
  readonly mark: string | null;
}

/**
 * For positions: contiguity proves completeness, so dedupe needs no memory and a hole is noticed at once. A hole is
 * given `bufferMs` to fill (a reordering network), then asked for again from the cursor; when the server sends the same
 * hole a second time it is announced as a gap. For opaque ids: a window of ids seen.
 * @param suspects `held` of the streams whose first hole may be an event that was passed over because it is too large
 */
export function createSequencer(ports: SequencerPorts, suspects: Set<unknown>): Sequencer {
  const { policy, window, clock } = ports;
  const byPosition = policy.by === 'sequence';
  /** The last position accepted; `prefix` is empty while there is none. Two variables: they change with each event. */
  let prefix = '';
  let seq = 0;
  /** The last id, position or not. */
  let lastId: string | null = null;
  /** `data:` of the event of that id, when it is at hand. Of the others nothing is kept. */
  let lastRaw: string | undefined;
  /** The sequence before the loss that was asked for again. */
  let askedAgain = -1;
  /** The mark was moved by an event or a loss that came on this connection. */
  let moved = false;
  /** For order by id or time: the highest key delivered, and the last cursor with nothing held before it. */
  let highest = Number.NEGATIVE_INFINITY;
  let safe: string | null = null;
  /** Sequence numbers that were passed over for the sake of speed: they are late when they come, not seen before. */
  const passed = new Set<number>();
  const held = createReorderBuffer<StreamEvent>(policy);

  const start = (place: string | null, hasMoved = false): void => {
    const position = place && byPosition ? parsePosition(place) : null;
    prefix = position ? `${position.epoch}.` : '';
    seq = position?.seq ?? 0;
    if (place !== lastId) lastRaw = undefined;
    lastId = safe = place;
    moved = hasMoved;
    held.clear();
    passed.clear();
  };
  const handOn = (event: StreamEvent | null, to: number, id: string): void => {
    seq = to;
    if (event) moved = true;
    lastId = id;
    lastRaw = event?.raw;
    ports.deliver(event, id);
  };
  /** Goes on to an event, or (`null`) past what is missing, and to what is held of those that follow. */
  const advance = (event: StreamEvent | null, to: number, id: string): void => {
    handOn(event, to, id);
    while (held.size > 0 && held.lowest === seq + 1) handOn(held.takeLowest(), seq + 1, prefix + (seq + 1));
  };
  /** The cursor never passes an event that is held: after a crash it would be lost. A position never does. */
  const cursor = (): string | null => {
    if (byPosition || held.size === 0) safe = lastId;
    return safe;
  };
  const outOfOrder = ({ id, type }: StreamEvent, action: OrderAction, announced: boolean): void =>
    ports.fact({ kind: 'out-of-order', id, type, action, announced });
  /** It comes after one that it belongs before. @returns whether it is handed on all the same */
  const acceptLate = (event: StreamEvent, announced: boolean): boolean => {
    const kept = policy.late !== 'drop';
    outOfOrder(event, kept ? 'delivered' : 'dropped', announced);
    return kept;
  };
  const duplicate = ({ id, type, raw }: StreamEvent, own: string): void => {
    ports.fact({ kind: 'duplicate', id: id ?? own, type });
    if (own !== lastId || lastRaw === undefined || raw === lastRaw) return;
    const error = new SseKitError('ERR_ID_REUSED', `${quote(id)} came again with other data`);
    ports.fact({ kind: 'error', code: error.code, message: error.message, error });
  };
  const announce = (reason: GapReason, from: number): void => {
    ports.fact({ kind: 'gap', reason, after: prefix + seq, from: prefix + from, missed: from - seq });
    advance(null, from, prefix + from);
  };

  const acceptAhead = (event: StreamEvent, id: string, ahead: number): void => {
    if (suspects.has(held)) {
      // Whose event was too large could not be read: the first hole is taken for it.
      suspects.clear();
      announce('too-large', Math.min(ahead, held.lowest) - 1);
      accept(event, id);
    } else if (policy.late !== 'buffer') {
      for (let missing = Math.max(seq + 1, ahead - policy.bufferEvents); missing < ahead; missing++) {
        passed.add(missing);
        if (passed.size > policy.bufferEvents) forgetOldest(passed);
      }
      announce('order', ahead - 1);
      accept(event, id);
    } else if (held.has(ahead)) {
      duplicate(event, id);
    } else {
      outOfOrder(event, 'buffered', false);
      held.hold(ahead, event, clock.monotonic());
    }
  };
  /** Another epoch, the first position, or an id that is none. */
  const acceptOther = (event: StreamEvent | null, id: string | null): void => {
    // Contiguity decides: without an event the cursor passes nothing that is missing, whatever the server says.
    if (!event && byPosition && held.size > 0) return;
    if (id && byPosition && parsePosition(id)) {
      if (prefix) ports.fact({ kind: 'gap', reason: 'epoch-changed', after: lastId, from: id, missed: null });
      start(id, moved || event !== null);
      if (event) lastRaw = event.raw;
      ports.deliver(event, id);
      return;
    }
    if (event && id && window.has(id, clock.now())) {
      duplicate(event, id);
      return;
    }
    if (id !== null) {
      lastId = id;
      lastRaw = event?.raw;
    }
    if (event) acceptOpaque(event, id);
    else {
      prefix = '';
      ports.deliver(null, cursor());
    }
  };
  /** Order by number in the id or by time. There is no next one to wait for, so a buffer can only wait for time to pass. */
  const acceptOpaque = (event: StreamEvent, id: string | null): void => {
    let key = Number.NaN;
    if (policy.by === 'id' && id) key = Number(id);
    if (policy.by === 'time') key = event.publishedAt ?? key;
    if (key < highest && !acceptLate(event, false)) {
      ports.deliver(null, cursor());
      return;
    }
    if (id) window.begun(id);
    if (key >= highest && key >= 0) {
      if (policy.late === 'buffer') {
        held.hold(key, event, clock.monotonic());
        return;
      }
      highest = key;
    }
    ports.deliver(event, cursor());
  };

  const accept: Sequencer['accept'] = (event, id) => {
    const came = id === null ? -1 : seqOf(id, prefix);
    if (id === null || came < 0) acceptOther(event, id);
    else if (came === seq + 1) {
      // What was too large left no hole here.
      if (event && suspects.size > 0) suspects.delete(held);
      advance(event, came, id);
    } else if (!event) return;
    else if (came > seq) acceptAhead(event, id, came);
    else if (passed.delete(came)) {
      if (acceptLate(event, true)) ports.deliver(event, lastId);
    } else duplicate(event, id);
  };

  const lost = (reason: GapReason, from: number): boolean => {
    if (askedAgain !== seq) {
      askedAgain = seq;
      return true;
    }
    announce(reason, from);
    return false;
  };

  const expire: Sequencer['expire'] = (now) => {
    while (held.size > 0 && held.dueAt <= now) {
      if (byPosition) return lost('hole', held.lowest - 1);
      highest = held.lowest;
      ports.deliver(held.takeLowest(), cursor());
    }
    return false;
  };

  return {
    accept,
    start,
    seenOf: (epoch) => (prefix === `${epoch}.` ? seq : -1),
    cannotResume(loss) {
      const { from } = loss;
      const came = seqOf(from, prefix);
      if (moved && came >= 0 && came <= seq) return false;
      // What came before the loss will not be sent again, and the server does not count what is missing there.
      while (held.size > 0 && (came < 0 || held.lowest <= came)) {
        askedAgain = seq;
        expire(Number.POSITIVE_INFINITY);
      }
      // Before what the server counts, something may have been lost on the way.
      const counted = came - (loss.missed ?? came);
      if (counted > seq) announce('hole', counted);
      ports.fact({ kind: 'cannot-resume', ...loss });
      start(from, true);
      ports.deliver(null, from);
      return true;
    },
    tailLost: (headSeq) => lost('tail-loss', headSeq),
    expire,
    held,
    get mark() {
      return lastId;
    },
  };
}
