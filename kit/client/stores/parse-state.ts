import type { CursorState } from '../cursor-store.ts';

/** Checks that a value read from storage is a cursor state: storage outlives versions, and people edit it. */
export function isCursorState(value: unknown): value is CursorState {
  const { cursor, dedupe }: Partial<Record<keyof CursorState, unknown>> = Object(value);
  return (
    (cursor === null || typeof cursor === 'string') && Array.isArray(dedupe) && dedupe.every(isDedupeEntry)
  );
}

function isDedupeEntry(entry: unknown): boolean {
  return (
    Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string' && Number.isFinite(entry[1])
  );
}
