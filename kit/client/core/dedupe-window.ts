/** Bounds of a dedupe window. */
export interface DedupeBounds {
  /** Ids remembered at most; the oldest goes first. Default 1000. */
  readonly size: number;
  /** How long an id is remembered, in milliseconds; `Infinity` for as long as `size` allows. */
  readonly ttlMs: number;
}

/** Ids with the time at which they were seen, oldest first: what a cursor store keeps. */
export type DedupeSnapshot = ReadonlyArray<readonly [id: string, at: number]>;

/** Remembers opaque ids, for servers whose ids prove nothing about order or completeness. */
export interface DedupeWindow {
  /** Whether the id was added and is still remembered at `now`. */
  has(id: string, now: number): boolean;
  /** Remembers the id from `now` on; an id that is there already becomes the newest. */
  add(id: string, now: number): void;
  readonly size: number;
  /** The most it may remember. */
  readonly limit: number;
  snapshot(): DedupeSnapshot;
}

/** Makes a window, empty or as a store kept it. `now` is wall time, so that a snapshot outlives the process. */
export function createDedupeWindow(bounds: DedupeBounds, saved: DedupeSnapshot = []): DedupeWindow {
  // A Map keeps the order of insertion: the first key is always the oldest.
  const seen = new Map<string, number>();
  const add = (id: string, now: number): void => {
    seen.delete(id);
    seen.set(id, now);
    if (seen.size > bounds.size) forgetOldest(seen);
  };
  for (const [id, at] of saved) add(id, at);
  return {
    has(id, now) {
      const at = seen.get(id);
      if (at === undefined) return false;
      if (now - at < bounds.ttlMs) return true;
      seen.delete(id);
      return false;
    },
    add,
    get size() {
      return seen.size;
    },
    limit: bounds.size,
    snapshot: () => [...seen],
  };
}

/** Takes out what was put in first. */
export function forgetOldest(from: Map<string, unknown> | Set<string>): void {
  for (const oldest of from.keys()) {
    from.delete(oldest);
    return;
  }
}
