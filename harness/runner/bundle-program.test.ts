import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { bundleProgram } from './bundle-program.ts';

const run = promisify(execFile);
const program = (path: string) => fileURLToPath(new URL(path, import.meta.url));

it('makes a program that runs by itself and says what it was meant to say', async () => {
  const path = bundleProgram(program('../subjects/kit/node-agent.ts'));
  const running = run(process.execPath, [path]);
  running.child.stdin?.end();
  expect((await running).stdout).toBe('{"ready":true}\n');
});

it('leaves what is imported later in files of their own, and bundles an entry once', () => {
  const entry = program('../../fixtures/servers/express.ts');
  const path = bundleProgram(entry);
  expect(bundleProgram(entry)).toBe(path);
  expect(existsSync(path)).toBe(true);
  expect(readdirSync(dirname(path)).filter((name) => /^(redis|durable)-/.test(name))).toHaveLength(2);
});
