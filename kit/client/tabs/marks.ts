import { parsePosition } from '../../protocol/position.ts';

/** How far `id` is beyond `mark`, in events; `null` when they are not positions of one log. */
export function distance(mark: string | null, id: string | null): number | null {
  const from = mark === null ? null : parsePosition(mark);
  const to = id === null ? null : parsePosition(id);
  return from && to && from.epoch === to.epoch ? to.seq - from.seq : null;
}

/** Whether `id` is proven to lie at or before `mark`. */
export function isBehind(mark: string | null, id: string | null): boolean {
  const ahead = distance(mark, id);
  return ahead !== null && ahead <= 0;
}

/** The oldest of the cursors that can be compared with the first; `null` (from now on) only when all are. */
export function oldest(cursors: readonly (string | null)[]): string | null {
  let found: string | null = null;
  for (const cursor of cursors) {
    if (cursor !== null && (found === null || isBehind(found, cursor))) found = cursor;
  }
  return found;
}
