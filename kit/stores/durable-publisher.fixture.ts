/**
 * A publisher to be killed: opens the durable log in argv[2] with durability argv[3] and publishes until SIGKILL. It
 * says `ack <position> <n>` for each event once `append` has resolved. Run as a child process by the crash tests.
 */
import { writeSync } from 'node:fs';
import { encodeFrame, formatPosition, SseKitError } from '../protocol/index.ts';
import { createDurableLog } from './durable-store.ts';

const [, , directory = '', durability, first = '1'] = process.argv;
const log = createDurableLog({ directory, durability: durability === 'disk' ? 'disk' : 'process' });

// A pipe buffers in the kernel, so what was said before the kill is heard after it.
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      // The pipe is full and does not block: a line is shorter than PIPE_BUF, so it was written whole or not at all.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

async function publish(n: number): Promise<void> {
  const data = JSON.stringify({ n, pad: 'x'.repeat(n % 700) });
  const position = await log.append({ type: 'tick', data, unixMs: Date.now() });
  say(`ack ${formatPosition(position)} ${n}`);
}

try {
  await log.open({
    encode: (position, draft) =>
      encodeFrame({ id: formatPosition(position), event: draft.type, data: draft.data }),
    advanced() {
      // readers are none of this program's business
    },
    failed: (error) => say(`failed ${error.message}`),
    now: Date.now,
  });
  say(`open ${log.bounds().head}`);
  for (let n = Number(first); ; n += 8) {
    await Promise.all(Array.from({ length: 8 }, (_, i) => publish(n + i)));
  }
} catch (error) {
  say(`error ${error instanceof SseKitError ? error.code : String(error)}`);
  process.exitCode = 1;
}
