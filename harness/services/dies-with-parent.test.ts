import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { diesWithParent } from './dies-with-parent.ts';

const children: ChildProcess[] = [];
const strays: number[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const pid of strays.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // no such process
  }
}

/** Waits until none of them is there any more; says which are still there after ten seconds. */
async function gone(pids: readonly number[]): Promise<readonly number[]> {
  const giveUpAt = Date.now() + 10_000;
  while (pids.some(isAlive) && Date.now() < giveUpAt) await sleep(20);
  return pids.filter(isAlive);
}

/** A parent with one child that would live for a minute, and would ignore SIGTERM. */
const PARENT = `
import { spawn } from 'node:child_process';
import { diesWithParent } from ${JSON.stringify(new URL('dies-with-parent.ts', import.meta.url).href)};
const child = spawn('/bin/sh', ['-c', 'trap "" TERM; echo up; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
diesWithParent(child);
child.stdout.once('data', () => console.log(child.pid));
setTimeout(() => undefined, 60_000);
`;

describe.runIf(process.platform !== 'win32')('a child that dies with its parent', () => {
  it('is gone after its parent was killed and could clean up nothing', async () => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', PARENT];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(parent);
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const pid = Number(line);
    strays.push(pid);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    expect(await gone([pid])).toEqual([]);
  });

  it('may end before, and then nothing waits for it any more', async () => {
    const child = spawn('/bin/sh', ['-c', 'exit 3'], { stdio: 'ignore' });
    children.push(child);
    diesWithParent(child);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(3);
  });
});
