import { parsePosition } from '../../protocol/position.ts';
import { ownEntry } from '../../protocol/vector-cursor.ts';
import { committedBy } from '../vector-sequencer.ts';

/** How far `id` is beyond `mark` in its own stream, in events; `null` when they are not positions of one log. */
export function distance(mark: string | null, id: string | null): number | null {
  const own = ownEntry(id ?? '');
  // Where a connection carries several streams, the entry of the same name is what counts; else the whole.
  const name = own.slice(0, own.indexOf('=') + 1);
  const known = mark?.split(';').find((entry) => entry.startsWith(name));
  const from = known === undefined ? null : parsePosition(known.slice(name.length));
  const to = parsePosition(own.slice(name.length));
  return from && to && from.epoch === to.epoch ? to.seq - from.seq : null;
}

/** Whether `id` is proven to lie at or before `mark`. */
export function isBehind(mark: string | null, id: string | null): boolean {
  const ahead = distance(mark, id);
  return ahead !== null && ahead <= 0;
}

/** Whether each entry of `cursor`, which is one or one per stream, lies at or before `mark`. */
export function covers(mark: string, cursor: string | null): boolean {
  return cursor?.split(';').every((entry) => isBehind(mark, entry)) ?? false;
}

/**
 * The oldest of the cursors that can be compared with the first, stream by stream; `null` (from now on) only when all
 * are.
 */
export function oldest(cursors: readonly (string | null)[]): string | null {
  let found: string | null = null;
  for (const cursor of cursors) {
    if (found === null || cursor === null) found ??= cursor;
    else for (const entry of cursor.split(';')) if (isBehind(found, entry)) found = committedBy(found, entry);
  }
  return found;
}
