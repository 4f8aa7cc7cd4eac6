import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acquireToxiproxy, type ToxicStream, type ToxiproxyProxy, type ToxiproxyServer } from './index.ts';
import { enginesUnderTest } from './testing/engines.ts';
import { along, type Pair, pause, refusal, Target } from './testing/peers.ts';

const streams: readonly ToxicStream[] = ['downstream', 'upstream'];
const sha = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

for (const { engine, unavailable } of await enginesUnderTest()) {
  const name = `toxics of the ${engine === 'toxiproxy' ? 'real Toxiproxy' : 'embedded proxy'}`;
  describe.skipIf(unavailable)(unavailable ? `${name} (${unavailable})` : name, () => {
    let server: ToxiproxyServer;
    let target: Target;
    let proxy: ToxiproxyProxy;

    beforeAll(async () => {
      server = await acquireToxiproxy({ engine });
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      target = await Target.start();
      proxy = await server.client.createProxy({ upstream: target.address });
    });
    afterEach(async () => {
      await target.stop();
      await server.client.removeCreated();
      expect(server.incidents).toEqual([]);
    });
    const open = (): Promise<Pair> => target.connectThrough(proxy);

    describe.each(streams)('%s', (stream) => {
      it('passes bytes unharmed without a toxic', async () => {
        const { from, to } = along(stream, await open());
        const data = Buffer.alloc(1_000_000, 'reliability');
        from.send(data);
        await to.untilBytes(data.length);
        expect(sha(to.bytes)).toBe(sha(data));
      });

      it('latency delays each chunk, not the sum of chunks', async () => {
        await proxy.addToxic({ type: 'latency', stream, attributes: { latency: 300 } });
        const { from, to } = along(stream, await open());
        const started = performance.now();
        for (const letter of 'abcdefgh') {
          from.send(letter);
          await pause(20);
        }
        await to.untilBytes(8);
        const tookMs = performance.now() - started;
        expect(to.reads[0]?.at).toBeGreaterThanOrEqual(started + 295);
        expect(to.text).toBe('abcdefgh');
        expect(tookMs).toBeLessThan(8 * 300);
      });

      it('latency with jitter keeps the order', async () => {
        await proxy.addToxic({ type: 'latency', stream, attributes: { latency: 40, jitter: 40 } });
        const { from, to } = along(stream, await open());
        const sent = Array.from({ length: 40 }, (_, index) => `${index};`);
        for (const text of sent) {
          from.send(text);
          await pause(3);
        }
        await to.until('all', () => to.text.endsWith('39;'));
        expect(to.text).toBe(sent.join(''));
      });

      it('bandwidth spreads bytes over time', async () => {
        await proxy.addToxic({ type: 'bandwidth', stream, attributes: { rate: 50 } });
        const { from, to } = along(stream, await open());
        const started = performance.now();
        from.send(Buffer.alloc(25_000, 'x'));
        await to.untilBytes(25_000);
        expect(performance.now() - started).toBeGreaterThanOrEqual(400);
        expect(to.reads.length).toBeGreaterThan(2);
      });

      it('bandwidth 0 stalls and loses nothing', async () => {
        const { from, to } = along(stream, await open());
        from.send('before,');
        await to.untilBytes(7);
        const toxic = await proxy.addToxic({ type: 'bandwidth', stream, attributes: { rate: 0 } });
        from.send('during,');
        await pause(250);
        expect(to.text).toBe('before,');
        await proxy.removeToxic(toxic.name);
        from.send('after');
        await to.until('all', () => to.text.endsWith('after'));
        expect(to.text).toBe('before,during,after');
        expect(to.ending).toBe('open');
      });

      it('slow_close delays the FIN and nothing else', async () => {
        await proxy.addToxic({ type: 'slow_close', stream, attributes: { delay: 400 } });
        const { from, to } = along(stream, await open());
        from.send('last words');
        await to.untilBytes(10);
        const ended = performance.now();
        from.socket.end();
        await to.untilEnded();
        expect(to.endedAt - ended).toBeGreaterThanOrEqual(390);
        expect(to.ending).toBe('fin');
      });

      it('timeout 0 drops everything and keeps the connection; removal closes it', async () => {
        const pair = await open();
        const { from, to } = along(stream, pair);
        await proxy.addToxic({ name: 'hole', type: 'timeout', stream, attributes: { timeout: 0 } });
        from.send('lost');
        to.send('the other way is free');
        await from.untilBytes(21);
        await pause(150);
        expect(to.bytes.length).toBe(0);
        expect(to.ending).toBe('open');
        await proxy.removeToxic('hole');
        await Promise.all([to.untilEnded(), from.untilEnded()]);
        expect([to.ending, to.bytes.length]).toEqual(['fin', 0]);
      });

      it('timeout N is an idle timer that dropped chunks restart', async () => {
        await proxy.addToxic({ type: 'timeout', stream, attributes: { timeout: 600 } });
        const { from, to } = along(stream, await open());
        const started = performance.now();
        let last = started;
        for (let index = 0; index < 6; index += 1) {
          await pause(200);
          if (to.ending === 'open') from.send('x');
          last = performance.now();
        }
        await to.untilEnded();
        expect(to.endedAt - last).toBeGreaterThanOrEqual(550);
        expect(to.bytes.length).toBe(0);
      });

      it('a timeout toxic patched from toxicity 1 to 0 leaves a silent hole', async () => {
        await proxy.addToxic({
          name: 'hole',
          type: 'timeout',
          stream,
          attributes: { timeout: 0 },
          toxicity: 0,
        });
        const { from, to } = along(stream, await open());
        from.send('one,');
        await to.untilBytes(4);
        await proxy.patchToxic('hole', { toxicity: 1 });
        from.send('two,');
        await pause(100);
        const healed = await proxy.patchToxic('hole', { toxicity: 0 });
        expect(healed.toxicity).toBe(0);
        from.send('three');
        await to.until('three', () => to.text.endsWith('three'));
        expect(to.text).toBe('one,three');
        expect(to.ending).toBe('open');
      });

      it('reset_peer added to an open connection ends it with a FIN', async () => {
        const { from, to } = along(stream, await open());
        from.send('hello');
        await to.untilBytes(5);
        await proxy.addToxic({ type: 'reset_peer', stream, attributes: { timeout: 0 } });
        from.send('never seen');
        await to.untilEnded();
        expect([to.ending, to.text]).toEqual(['fin', 'hello']);
      });

      it('reset_peer armed before connecting and patched in mid-stream sends a true RST', async () => {
        const attributes = { timeout: 0 };
        await proxy.addToxic({ name: 'rst', type: 'reset_peer', stream, attributes, toxicity: 0 });
        const { from, to } = along(stream, await open());
        from.send('hello');
        await to.untilBytes(5);
        await proxy.patchToxic('rst', { toxicity: 1 });
        from.send('never seen');
        await Promise.all([to.untilEnded(), from.untilEnded()]);
        expect([to.ending, from.ending, to.text]).toEqual(['rst', 'rst', 'hello']);
      });

      it('reset_peer waits its timeout after the first chunk', async () => {
        await proxy.addToxic({ type: 'reset_peer', stream, attributes: { timeout: 300 } });
        const { from, to } = along(stream, await open());
        const started = performance.now();
        from.send('x');
        await to.untilEnded();
        expect(to.endedAt - started).toBeGreaterThanOrEqual(290);
        expect([to.ending, to.bytes.length]).toEqual(['rst', 0]);
      });

      it('limit_data counts bytes per connection', async () => {
        await proxy.addToxic({ type: 'limit_data', stream, attributes: { bytes: 10 } });
        for (let connection = 0; connection < 2; connection += 1) {
          const { from, to } = along(stream, await open());
          from.send('1234567');
          await to.untilBytes(7);
          from.send('89abcdef');
          await to.untilEnded();
          expect([to.text, to.ending]).toEqual(['123456789a', 'fin']);
        }
      });

      it('limit_data keeps its count over a PATCH', async () => {
        await proxy.addToxic({ name: 'limit', type: 'limit_data', stream, attributes: { bytes: 10 } });
        const { from, to } = along(stream, await open());
        from.send('12345');
        await to.untilBytes(5);
        await proxy.patchToxic('limit', { attributes: { bytes: 8 } });
        from.send('6789');
        await to.untilEnded();
        expect(to.text).toBe('12345678');
      });

      it('slicer cuts into slices with a delay in microseconds and loses nothing', async () => {
        const attributes = { average_size: 50, size_variation: 10, delay: 20_000 };
        await proxy.addToxic({ type: 'slicer', stream, attributes });
        const { from, to } = along(stream, await open());
        const data = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
        const started = performance.now();
        from.send(data);
        await to.untilBytes(1000);
        expect(to.bytes.equals(data)).toBe(true);
        expect(to.reads.length).toBeGreaterThan(5);
        // At least 1000 / 60 slices; the real one's recursive halving may make them smaller, never fewer.
        expect(performance.now() - started).toBeGreaterThanOrEqual(250);
        expect(performance.now() - started).toBeLessThan(10_000);
      });

      it('a PATCH changes a toxic on a live connection', async () => {
        await proxy.addToxic({ name: 'slow', type: 'latency', stream, attributes: { latency: 0 } });
        const { from, to } = along(stream, await open());
        from.send('a');
        await to.untilBytes(1);
        const patched = await proxy.patchToxic('slow', { attributes: { latency: 300 } });
        expect(patched.attributes).toEqual({ latency: 300, jitter: 0 });
        const started = performance.now();
        from.send('b');
        await to.untilBytes(2);
        expect(performance.now() - started).toBeGreaterThanOrEqual(295);
      });

      it('removing a latency toxic lets the waiting chunks go, in order', async () => {
        await proxy.addToxic({ name: 'slow', type: 'latency', stream, attributes: { latency: 60_000 } });
        const { from, to } = along(stream, await open());
        from.send('a');
        await pause(30);
        from.send('b');
        await pause(30);
        await proxy.removeToxic('slow');
        await to.untilBytes(2);
        from.send('c');
        await to.untilBytes(3);
        expect(to.text).toBe('abc');
      });

      it('toxics act one after the other in the order of their creation', async () => {
        await proxy.addToxic({ type: 'latency', stream, attributes: { latency: 200 } });
        await proxy.addToxic({ type: 'limit_data', stream, attributes: { bytes: 3 } });
        const { from, to } = along(stream, await open());
        const started = performance.now();
        from.send('12345');
        await to.untilEnded();
        expect(to.text).toBe('123');
        expect(to.endedAt - started).toBeGreaterThanOrEqual(195);
      });

      it('toxicity 0 affects nobody, toxicity 1 everybody', async () => {
        const limit = { name: 'limit', type: 'limit_data', stream, attributes: { bytes: 1 } } as const;
        await proxy.addToxic({ ...limit, toxicity: 0 });
        const spared = along(stream, await open());
        spared.from.send('12345');
        await spared.to.untilBytes(5);
        await proxy.patchToxic('limit', { toxicity: 1 });
        for (let connection = 0; connection < 3; connection += 1) {
          const { from, to } = along(stream, await open());
          from.send('12345');
          await to.untilEnded();
          expect(to.text).toBe('1');
        }
      });

      it('toxicity between is rolled per connection', async () => {
        await proxy.addToxic({ type: 'limit_data', stream, attributes: { bytes: 1 }, toxicity: 0.5 });
        let affected = 0;
        for (let connection = 0; connection < 30; connection += 1) {
          const { from, to } = along(stream, await open());
          from.send('12345');
          await to.until('bytes or end', () => to.ending !== 'open' || to.bytes.length === 5);
          if (to.ending !== 'open') affected += 1;
          from.socket.destroy();
        }
        // All 30 alike: once in 2^29 runs.
        expect(affected).toBeGreaterThan(0);
        expect(affected).toBeLessThan(30);
      });

      it('a receiver that does not read stops the sender', async () => {
        const pair = await open();
        const { from, to } = along(stream, pair);
        to.socket.pause();
        const block = Buffer.alloc(256 * 1024, 'b');
        let accepted = 0;
        let stalled = false;
        while (!stalled && accepted < 200 * block.length) {
          stalled = await new Promise<boolean>((resolve) => {
            const timer = setTimeout(() => resolve(true), 400);
            from.socket.write(block, () => {
              clearTimeout(timer);
              accepted += block.length;
              resolve(false);
            });
          });
        }
        expect(stalled).toBe(true);
        to.socket.resume();
        await to.untilBytes(accepted + block.length);
      });
    });

    it('a clean close travels as FIN to both sides', async () => {
      const { client, server: upstream } = await open();
      upstream.send('bye');
      await client.untilBytes(3);
      upstream.socket.end();
      await Promise.all([client.untilEnded(), upstream.untilEnded()]);
      expect([client.ending, upstream.ending]).toEqual(['fin', 'fin']);
    });

    it('disable ends open connections with a FIN and refuses new ones; enable brings the port back', async () => {
      const { client } = await open();
      await proxy.disable();
      await client.untilEnded();
      expect(client.ending).toBe('fin');
      expect(await refusal(proxy)).toBe('ECONNREFUSED');
      expect((await proxy.state()).enabled).toBe(false);
      await proxy.enable();
      const again = await open();
      again.client.send('hi');
      await again.server.untilBytes(2);
    });

    it('a dead upstream is accept, then close', async () => {
      const dead = await Target.start();
      await dead.stop();
      const toNowhere = await server.client.createProxy({ upstream: dead.address });
      const { dial } = await import('./testing/peers.ts');
      const client = await dial(toNowhere);
      await client.untilEnded();
      expect(client.bytes.length).toBe(0);
    });

    it('removal ends connections and frees the port', async () => {
      const { client } = await open();
      await proxy.remove();
      await client.untilEnded();
      expect(await refusal(proxy)).toBe('ECONNREFUSED');
      await expect(proxy.remove()).rejects.toMatchObject({ code: 'ERR_TOXIPROXY_NOT_FOUND', status: 404 });
    });

    it('counts bytes when a connection ends, and shows what a toxic withheld', async () => {
      await proxy.addToxic({ type: 'timeout', attributes: { timeout: 0 } });
      const { client, server: upstream } = await open();
      client.send('ping!');
      await upstream.untilBytes(5);
      upstream.send('swallowed');
      await pause(50);
      upstream.socket.end();
      await client.untilEnded();
      await expect
        .poll(async () => proxy.metrics(), { timeout: 5000 })
        .toEqual({
          upstream: { receivedBytes: 5, sentBytes: 5 },
          downstream: { receivedBytes: 9, sentBytes: 0 },
        });
    });
  });
}
