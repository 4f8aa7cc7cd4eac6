import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Runs `make` with a scratch folder beside the cache and moves the file that it names to `target` by rename: whoever
 * looks sees no file or a whole one, and of concurrent installers the last wins with equal bytes. The scratch folder
 * is removed in any case, so a failure leaves nothing behind.
 */
export async function publish(target: string, make: (scratch: string) => Promise<string>): Promise<void> {
  const cache = dirname(dirname(target));
  const scratch = join(cache, `.installing-${randomUUID()}`);
  await mkdir(scratch, { recursive: true });
  try {
    const made = await make(scratch);
    await chmod(made, 0o755);
    await mkdir(dirname(target), { recursive: true });
    await rename(made, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
