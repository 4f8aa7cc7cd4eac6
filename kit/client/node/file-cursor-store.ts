import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SseKitError } from '../../protocol/errors.ts';
import type { CursorState, CursorStore } from '../cursor-store.ts';
import { isCursorState } from '../stores/parse-state.ts';

/** Options of `fileCursorStore`. */
export interface FileCursorStoreOptions {
  /** The file, created with its folder when it does not exist. One process at a time may use it. */
  readonly path: string;
  /**
   * Whether to wait for the disk before and after the rename. Default true: the cursor survives a power cut. False: it
   * survives the death of the process, and saving is faster.
   */
  readonly fsync?: boolean;
  /** Told about a file that cannot be read; it is set aside. Default `process.emitWarning`. */
  readonly onWarning?: (warning: SseKitError) => void;
}

interface CursorFile {
  readonly version: 1;
  readonly states: Record<string, CursorState>;
}

/**
 * Keeps cursors in one JSON file, replaced by an atomic rename: a reader, or a process killed at any moment, sees the
 * state before or after a save, never a part of it.
 *
 * A file that is not ours or is damaged is renamed to `<path>.corrupt-<id>` and reported (`ERR_CURSOR_CORRUPT`); the
 * client then starts without a cursor. Errors of the file system reject `load` and `save` as they are.
 */
export function fileCursorStore(options: FileCursorStoreOptions): CursorStore {
  const { path, fsync = true, onWarning = (warning) => process.emitWarning(warning) } = options;
  let states: Promise<Map<string, CursorState>> | null = null;
  let last: Promise<void> = Promise.resolve();

  const loaded = (): Promise<Map<string, CursorState>> => {
    states ??= readStates(path, onWarning).catch((error: unknown) => {
      states = null; // a file system error may pass: the next call reads again
      throw error;
    });
    return states;
  };

  return {
    load: async (key) => (await loaded()).get(key) ?? null,
    save(key, state) {
      // One rename at a time, in the order of the calls, else an older state could replace a newer one.
      const turn = last.then(async () => {
        const all = await loaded();
        all.set(key, state);
        const file: CursorFile = { version: 1, states: Object.fromEntries(all) };
        await replaceFile(path, JSON.stringify(file), fsync);
      });
      last = turn.catch(() => undefined); // the caller of this save gets the error; the next save still runs
      return turn;
    },
  };
}

async function readStates(
  path: string,
  onWarning: (warning: SseKitError) => void,
): Promise<Map<string, CursorState>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const states = parseFile(text);
  if (states) return new Map(Object.entries(states));
  const aside = `${path}.corrupt-${randomUUID()}`;
  await rename(path, aside);
  onWarning(
    new SseKitError(
      'ERR_CURSOR_CORRUPT',
      `${path} holds no cursors; it was moved to ${aside}, starting without a cursor`,
    ),
  );
  return new Map();
}

function parseFile(text: string): Record<string, CursorState> | null {
  try {
    const file: unknown = JSON.parse(text);
    if (typeof file !== 'object' || file === null) return null;
    const { version, states } = file as Partial<Record<keyof CursorFile, unknown>>;
    if (version !== 1 || typeof states !== 'object' || states === null) return null;
    return Object.values(states).every(isCursorState) ? (states as Record<string, CursorState>) : null;
  } catch {
    return null; // not JSON: the caller sets the file aside and says so
  }
}

async function replaceFile(path: string, text: string, fsync: boolean): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      if (fsync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (fsync) await syncFolder(folder);
}

/** Makes the rename itself durable. Windows has no such thing as an open folder, and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
