import { afterEach, describe, expect, it } from 'vitest';
import { acquireToxiproxy } from '../toxiproxy/index.ts';
import { atByte } from './index.ts';
import { type Bench, event, startBench } from './testing/bench.ts';
import { bodyText, rawClient } from './testing/raw-client.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('behind Toxiproxy', () => {
  it('cuts at the same byte, whatever the network does to the pieces', async () => {
    const bench: Bench = await startBench();
    closing.push(bench.close);
    const toxiproxy = await acquireToxiproxy({ install: false });
    closing.push(() => toxiproxy.stop());
    const network = await toxiproxy.client.createProxy({ upstream: `127.0.0.1:${bench.proxy.port}` });
    closing.push(() => network.remove());
    await network.addToxic({
      type: 'slicer',
      stream: 'downstream',
      attributes: { average_size: 2, size_variation: 1, delay: 10 },
    });
    const fault = bench.proxy.arm({ name: 'cut', trigger: atByte(event(1).length + 3) });
    const client = rawClient(network.port);
    closing.push(client.close);
    client.get('/events');
    await client.until((bytes) => bytes.includes('\r\n\r\n'));
    bench.write(event(1) + event(2));
    expect(await client.ended).toBe('fin');
    expect(bodyText(client)).toBe(`${event(1)}id:`);
    expect(await fault.fired).toMatchObject({ byte: event(1).length + 3, ended: 'fin' });
  });
});
