import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { memoryNetwork, seededRandom, VirtualClock } from '../testing/index.ts';
import { connect, noLifecycle } from './index.ts';

it('remembers ids, not the chunks of which they are slices', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const heapMb = (): number => {
    gc();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  const clock = new VirtualClock();
  const network = memoryNetwork((exchange) => exchange.respond());
  const stream = connect('http://test/stream', {
    onEvent: () => undefined,
    dedupe: { size: 400 },
    ports: { clock, random: seededRandom(1), transport: network.transport, lifecycle: noLifecycle },
  });
  await clock.advance(0);
  const padding = 'x'.repeat(100 * 1024);
  const before = heapMb();
  for (let n = 0; n < 400; n++) {
    network.exchanges[0]?.write(`id: of-a-foreign-server-${n}\ndata: ${padding}\n\n`);
    await clock.advance(0);
  }
  const grown = heapMb() - before; // 40 MB of chunks came
  expect(stream.stats().processed).toBe(400);
  await stream.close();
  expect(grown).toBeLessThan(20);
});
