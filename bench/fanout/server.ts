// Server process of the fan-out bench: one of several servers behind the same two-line interface.
import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { serveParent } from '../support/child.ts';
import { createContender } from './contenders.ts';

const contender = await createContender(process.argv[2] ?? '');
const PAD = 'x'.repeat(100);

interface Publish {
  readonly op: 'publish';
  readonly count: number;
}
type Message = Publish | { op: 'rss' } | { op: 'cpu' } | { op: 'port' };

/** A payload of about 150 bytes whose `mark` is the time of publication: 13 digits, a dot, three decimals. */
function payload(n: number): object {
  return { mark: (performance.timeOrigin + performance.now()).toFixed(3), n, pad: PAD };
}

serveParent(async (message: Message) => {
  if (message.op === 'port') return { port: contender.port };
  if (message.op === 'rss') {
    globalThis.gc?.();
    await yieldToLoop();
    return { rss: process.memoryUsage().rss };
  }
  if (message.op === 'cpu') {
    const { user, system } = process.cpuUsage();
    return { cpuMicros: user + system };
  }
  for (let n = 0; n < message.count; n++) {
    await contender.publish(payload(n));
    await yieldToLoop(); // let the sockets drain, as paced production traffic does
  }
  return { ok: true };
});
