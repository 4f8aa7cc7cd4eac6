/** Bounds of a reorder buffer. */
export interface ReorderBounds {
  /** Events held before the buffer is overdue. */
  readonly bufferEvents: number;
  /** How long the oldest may be held, in milliseconds. */
  readonly bufferMs: number;
}

/** Holds what came too early, by key (sequence number or time), and gives it back in order. */
export interface ReorderBuffer<T> {
  readonly size: number;
  /** When something has to be done: the oldest was held long enough, or (`-Infinity`) too many are. `Infinity` when empty. */
  readonly dueAt: number;
  /** Smallest key held; `Infinity` when empty. */
  readonly lowest: number;
  has(key: number): boolean;
  /** Holds an item. Never refuses one: the owner acts on `dueAt` before it reads on. */
  hold(key: number, item: T, now: number): void;
  /** Takes out the item of the smallest key; items of one key come out as they came in. `null` when empty. */
  takeLowest(): T | null;
  clear(): void;
}

interface Held<T> {
  readonly key: number;
  readonly item: T;
  readonly at: number;
}

/** Makes an empty buffer. Small by design (holes are short), so a sorted array beats a heap. */
export function createReorderBuffer<T>(bounds: ReorderBounds): ReorderBuffer<T> {
  let held: Array<Held<T>> = [];
  return {
    get size() {
      return held.length;
    },
    get dueAt() {
      if (held.length > bounds.bufferEvents) return Number.NEGATIVE_INFINITY;
      return (
        held.reduce((oldest, { at }) => Math.min(oldest, at), Number.POSITIVE_INFINITY) + bounds.bufferMs
      );
    },
    get lowest() {
      return held[0]?.key ?? Number.POSITIVE_INFINITY;
    },
    has: (key) => held.some((entry) => entry.key === key),
    hold(key, item, now) {
      const after = held.findIndex((entry) => entry.key > key);
      held.splice(after < 0 ? held.length : after, 0, { key, item, at: now });
    },
    takeLowest: () => held.shift()?.item ?? null,
    clear() {
      held = [];
    },
  };
}
