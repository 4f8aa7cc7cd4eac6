import { spawnSync } from 'node:child_process';

/** Runs promtool; fails with a hint where it is not installed. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly ok: boolean; readonly output: string } {
  const run = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (run.error) {
    throw new Error('promtool is not installed: run `npm run setup`, or apt-get install prometheus', {
      cause: run.error,
    });
  }
  return { ok: run.status === 0, output: `${run.stdout}${run.stderr}` };
}
