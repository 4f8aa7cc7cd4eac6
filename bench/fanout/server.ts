// Server process of the fan-out bench: one of several servers behind the same two-line interface.
import { setTimeout as sleep, setImmediate as yieldToLoop } from 'node:timers/promises';
import { serveParent } from '../support/child.ts';
import { createContender } from './contenders.ts';

const contender = await createContender(process.argv[2] ?? '');
const PAD = 'x'.repeat(100);

interface Publish {
  readonly op: 'publish';
  readonly count: number;
  /** From one publication to the next, milliseconds; 0: as soon as the loop has turned. */
  readonly everyMs: number;
}
type Message = Publish | { op: 'rss' } | { op: 'cpu' } | { op: 'port' };

/** A payload of about 150 bytes whose `mark` is a tilde and the time of publication: 13 digits, a dot, three decimals. */
function payload(n: number): object {
  return { mark: `~${(performance.timeOrigin + performance.now()).toFixed(3)}`, n, pad: PAD };
}

serveParent(async (message: Message) => {
  if (message.op === 'port') return { port: contender.port };
  if (message.op === 'rss') {
    globalThis.gc?.();
    await yieldToLoop();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed + external };
  }
  if (message.op === 'cpu') {
    const { user, system } = process.cpuUsage();
    return { userMicros: user, systemMicros: system };
  }
  for (let n = 0; n < message.count; n++) {
    await contender.publish(payload(n));
    // Let the sockets drain, as paced production traffic does.
    await (message.everyMs > 0 ? sleep(message.everyMs) : yieldToLoop());
  }
  return { ok: true };
});
