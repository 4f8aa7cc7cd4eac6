import { ownEntry, parseVector } from '../../protocol/vector-cursor.ts';

/** Bounds of a dedupe window. */
export interface DedupeBounds {
  /** Ids remembered at most; the oldest goes first. Default 1000. */
  readonly size: number;
  /** How long an id is remembered, in milliseconds; `Infinity` for as long as `size` allows. */
  readonly ttlMs: number;
}

/** Ids with the time at which they were seen, oldest first: what a cursor store keeps. */
export type DedupeSnapshot = ReadonlyArray<readonly [id: string, at: number]>;

/**
 * Remembers opaque ids, for servers whose ids prove nothing about order or completeness. A vector cursor stands for its
 * own entry: the others are about other streams.
 */
export interface DedupeWindow {
  /** Whether the id was handed on, or was added and is still remembered at `now`. */
  has(id: string, now: number): boolean;
  /** Remembers the id from `at` on; an id that is there already becomes the newest. `Infinity`: not committed yet. */
  add(id: string, at: number): void;
  /** An event is handed on. Its id is not in the window before it is settled: that may be saved at any time. */
  begun(id: string): void;
  /** The handler of an event finished, if its id was handed on: it is added. `at` is asked only then. */
  settled(id: string, at: () => number): void;
  /** What was settled up to this id is committed, when it was not yet; while its handler runs, once that finished. */
  committed(id: string, now: number): void;
  /** What is not committed will be sent again. */
  reset(): void;
  /** What is committed. */
  snapshot(): DedupeSnapshot;
}

const UNCOMMITTED = Number.POSITIVE_INFINITY;

/** Makes an empty window. `now` is wall time, so that a snapshot outlives the process. */
export function createDedupeWindow(bounds: DedupeBounds): DedupeWindow {
  /** With the time at which the handler itself committed it; 0 as long as it did not. */
  const running = new Map<string, number>();
  // A Map keeps the order of insertion: the first key is always the oldest.
  const seen = new Map<string, number>();
  /** Apart: what is not committed yet must push out nothing that is. */
  const uncommitted = new Map<string, number>();
  const add = (id: string, at: number): void => {
    const ids = at === UNCOMMITTED ? uncommitted : seen;
    ids.delete(id);
    ids.set(id, at);
    if (ids.size > bounds.size) forgetOldest(ids);
  };
  const committed = (id: string, now: number): void => {
    const key = keyOf(id);
    if (running.has(key)) running.set(key, now);
    if (!uncommitted.has(key)) return;
    for (const each of uncommitted.keys()) {
      uncommitted.delete(each);
      add(each, now);
      if (each === key) return;
    }
  };
  return {
    has(id, now) {
      const key = keyOf(id);
      if (running.has(key) || uncommitted.has(key)) return true;
      return now - (seen.get(key) ?? Number.NEGATIVE_INFINITY) < bounds.ttlMs;
    },
    add,
    begun: (id) => running.set(keyOf(id), 0),
    settled(id, at) {
      // Nothing runs while ids are positions: they are not even looked at.
      if (running.size === 0) return;
      const key = keyOf(id);
      const early = running.get(key);
      if (!running.delete(key)) return;
      // A copy of its own: a slice would keep the whole chunk that it came with in memory.
      add(` ${key}`.slice(1), at());
      if (early) committed(key, early);
    },
    committed,
    reset() {
      running.clear();
      uncommitted.clear();
    },
    snapshot: () => [...seen],
  };
}

function keyOf(id: string): string {
  return id.includes(';') && parseVector(id) ? ownEntry(id) : id;
}

/** Takes out what was put in first. */
export function forgetOldest<T>(from: Map<T, unknown> | Set<T>): void {
  for (const oldest of from.keys()) {
    from.delete(oldest);
    return;
  }
}
