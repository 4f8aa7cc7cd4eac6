import type { CursorState, CursorStore } from '../../kit/client/index.ts';
import type { Random } from '../runner/random.ts';
import type { Machine } from './machine.ts';
import type { Setup } from './schedule.ts';

/** How long a slow store takes to write, at most. */
const SLOW_MS = 200;

/** What survives a client's process: its cursor, as far as it had been written. */
export class Disk {
  #state: CursorState | null = null;

  get hasCursor(): boolean {
    return this.#state?.cursor != null;
  }

  /** The store of one process on this disk. What it had not written when the process died is lost. */
  store(kind: Exclude<Setup['store'], 'none'>, machine: Machine, random: Random): CursorStore {
    const write = (state: CursorState): void => {
      if (machine.alive) this.#state = structuredClone(state);
    };
    return {
      load: () => this.#state,
      save: (_, state) => {
        if (kind === 'failing' && random() < 0.3) throw new Error('the disk is full');
        if (kind === 'slow') return machine.wait(random() * SLOW_MS).then(() => write(state));
        write(state);
        return undefined;
      },
    };
  }
}
