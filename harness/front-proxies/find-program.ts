import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where daemons live that are not on the PATH of an ordinary user. */
const DAEMONS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];

/** Absolute path of an installed program, `null` when there is none. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | null {
  const folders = [...path.split(delimiter).filter(Boolean), ...DAEMONS];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // the question was whether it can be run, and that is the answer
  }
}
