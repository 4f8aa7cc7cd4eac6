import type { CursorState, CursorStore } from './cursor-store.ts';

/** Writes the newest state to a store, one write at a time. */
export interface StoreWriter {
  /** The state changed: write it now, or after the write that is under way. */
  changed(): void;
  /** Resolves when the newest state is written; `null` when it is already. */
  idle(): Promise<void> | null;
}

/**
 * @param state the state to write, asked for when the write begins.
 * @param failed told of each write that failed; the next change tries again.
 */
export function createStoreWriter(
  store: CursorStore | undefined,
  key: string,
  state: () => CursorState,
  failed: (error: unknown) => void,
): StoreWriter {
  let writing: Promise<void> | null = null;
  let due = false;
  const write = async (target: CursorStore): Promise<void> => {
    while (due) {
      due = false;
      try {
        await target.save(key, state());
      } catch (error) {
        failed(error);
        // One that throws at once would be over before it is under way, and seem to be so for ever.
        await null;
      }
    }
    writing = null;
  };
  return {
    changed() {
      if (!store) return;
      due = true;
      writing ??= write(store);
    },
    idle: () => writing,
  };
}
