import { committedBy } from '../vector-sequencer.ts';
import { covers, isBehind } from './marks.ts';
import { type Item, placeOf } from './messages.ts';

/** How much the leader remembers for tabs that come late. */
export interface RingBounds {
  readonly events: number;
  /** Counted in UTF-16 units of `data:`. */
  readonly bytes: number;
}

/** The last items that were passed on, and the cursor before them. */
export interface Ring {
  /** Forgets everything; what follows comes after `cursor`. */
  reset(cursor: string | null): void;
  push(item: Item): void;
  /** The id of the last item that had one. */
  readonly cursor: string | null;
  /** Everything after a cursor; `null` when that is not known completely. */
  after(cursor: string): readonly Item[] | null;
}

/** Makes an empty ring. */
export function createRing(bounds: RingBounds): Ring {
  let items: Item[] = [];
  let bytes = 0;
  let base: string | null = null;
  let cursor: string | null = null;
  return {
    reset(at) {
      items = [];
      bytes = 0;
      base = at;
      cursor = at;
    },
    push(item) {
      items.push(item);
      bytes += sizeOf(item);
      cursor = passed(cursor, item);
      let drop = 0;
      while (items.length - drop > bounds.events || bytes > bounds.bytes) {
        const first = items[drop++];
        if (!first) break;
        bytes -= sizeOf(first);
        base = passed(base, first);
      }
      if (drop > 0) items.splice(0, drop);
    },
    get cursor() {
      return cursor;
    },
    after(asked) {
      if (asked === base) return [...items];
      const at = items.findLastIndex((item) => idOf(item) === asked);
      if (at >= 0) return items.slice(at + 1);
      // A position between two that are known, or beyond them all.
      return covers(asked, base) ? items.filter((item) => !isBehind(asked, idOf(item))) : null;
    },
  };
}

function idOf(item: Item): string | null {
  if (item.kind === 'event') return item.id;
  return item.kind === 'jump' ? placeOf(item.loss) : null;
}

function passed(cursor: string | null, item: Item): string | null {
  const id = idOf(item);
  return id === null ? cursor : committedBy(cursor, id);
}

function sizeOf(item: Item): number {
  return item.kind === 'event' ? item.raw.length : 0;
}
