import { describe, expect, it } from 'vitest';
import { memoryCursorStore } from '../cursor-store.ts';
import { EPOCH } from './fake-browser.fixture.ts';
import { SharedStreamError } from './index.ts';
import { kinds, numbers, world } from './pages.fixture.ts';

describe('what tabs that share a stream are given', () => {
  it('gives a tab that comes late what it has not seen: from memory, or by going back', async () => {
    const { server, open, settle } = world();
    const first = open({ share: { ringEvents: 5 } });
    await settle();
    server.publish(20);
    await settle();
    const near = open({ from: `${EPOCH}.16` });
    const fresh = open();
    await settle();
    expect([near.seen, fresh.seen]).toEqual([numbers(17, 20), []]);
    expect(server.requests).toHaveLength(1);
    const far = open({ from: `${EPOCH}.2` });
    await settle();
    server.publish(2);
    await settle();
    expect(server.requests.map(({ cursor }) => cursor)).toEqual([null, `${EPOCH}.2`]);
    expect(server.most).toBe(1);
    expect(far.seen).toEqual(numbers(3, 22));
    expect(near.seen).toEqual(numbers(17, 22));
    expect(fresh.seen).toEqual(numbers(21, 22));
    expect(first.seen).toEqual(numbers(1, 22));
    expect([first, near, fresh, far].flatMap((tab) => kinds(tab, 'duplicate', 'gap'))).toEqual([]);
  });

  it('announces a loss to the tab that has it, with its own count, and to no other', async () => {
    const { server, open, settle } = world();
    const first = open({ share: { ringEvents: 5 } });
    await settle();
    server.publish(20);
    server.oldest = 11;
    await settle();
    const far = open({ from: `${EPOCH}.4` });
    await settle();
    expect(far.seen).toEqual(numbers(11, 20));
    expect(far.facts.find(({ kind }) => kind === 'cannot-resume')).toMatchObject({
      reason: 'expired',
      requested: `${EPOCH}.4`,
      from: `${EPOCH}.10`,
      missed: 6,
    });
    expect(kinds(first, 'cannot-resume', 'gap', 'duplicate')).toEqual([]);
    expect(first.seen).toEqual(numbers(1, 20));
  });

  it('tells every tab of a log that was lost', async () => {
    const { server, open, settle } = world();
    const tabs = [open(), open()];
    await settle();
    server.publish(3);
    await settle();
    server.epoch = 'epochBBBB';
    server.head = 2;
    server.cut();
    await settle();
    server.publish(1);
    await settle();
    for (const tab of tabs) {
      expect(tab.seen).toEqual(['1', '2', '3', '1', '2', '3']);
      expect(tab.facts.find(({ kind }) => kind === 'cannot-resume')).toMatchObject({
        reason: 'epoch-changed',
      });
    }
  });

  it('shows every tab that the connection is lost, and asks the server once per attempt', async () => {
    const { server, open, clock, settle } = world();
    const tabs = [open(), open(), open()];
    await settle();
    server.status = 503;
    server.cut();
    await clock.advance(3000);
    expect(tabs.map(({ stream }) => stream.state)).toEqual(['connecting', 'connecting', 'connecting']);
    const failed = server.requests.length - 1;
    expect(failed).toBeGreaterThan(1);
    expect(failed).toBeLessThan(20);
    expect(new Set(server.requests.map(({ tab }) => tab))).toEqual(new Set(['tab1']));
    server.status = 200;
    server.head += 4;
    await settle();
    for (const tab of tabs) {
      expect(tab.seen).toEqual(numbers(1, 4));
      expect(kinds(tab, 'disconnect')).toEqual(['disconnect']);
    }
  });

  it('ends everywhere when the stream is complete, or when the leader gives up', async () => {
    const complete = world();
    const ended = [complete.open(), complete.open()];
    await complete.settle();
    complete.server.end();
    await complete.settle();
    for (const { stream } of ended) expect(await stream.closed).toEqual({ type: 'complete' });

    const refused = world();
    refused.server.status = 404;
    const gone = [refused.open(), refused.open()];
    await refused.settle();
    for (const { stream } of gone) {
      const reason = await stream.closed;
      expect(reason).toMatchObject({ type: 'gave-up', why: 'final' });
      const error = reason.type === 'gave-up' ? reason.failure.error : null;
      expect(error).toBeInstanceOf(SharedStreamError);
      expect((error as SharedStreamError).failure).toMatchObject({ cause: 'status', status: 404 });
    }
    expect(refused.server.requests).toHaveLength(1);
    refused.server.status = 200;
    gone[1]?.stream.reconnect();
    await refused.settle();
    refused.server.publish(2);
    await refused.settle();
    expect(gone.map(({ seen }) => seen)).toEqual([[], ['1', '2']]);
  });

  it('lets a slow tab fall behind without holding up the others, in bounded memory', async () => {
    const { server, open, clock, settle } = world();
    const slow: string[] = [];
    const quick = open({ share: { ringEvents: 3 } });
    const page = open({
      share: { bufferBytes: 400 },
      onEvent: async ({ raw }) => {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 100));
        slow.push(raw);
      },
    });
    await settle();
    for (let n = 0; n < 30; n++) {
      server.publish();
      await clock.advance(10);
    }
    expect(quick.seen).toEqual(numbers(1, 30));
    expect(slow.length).toBeLessThan(10);
    await clock.advance(60_000);
    expect(slow).toEqual(numbers(1, 30));
    expect(kinds(page, 'duplicate', 'gap')).toEqual([]);
    expect(kinds(page, 'disconnect').length).toBeGreaterThan(0);
    expect(server.most).toBe(1);
  });

  it('saves each tab its own cursor, and goes on from it', async () => {
    const { server, open, settle } = world();
    const store = memoryCursorStore();
    const first = open({ store });
    await settle();
    server.publish(3);
    await settle();
    await first.stream.close();
    server.publish(3);
    const second = open({ store });
    await settle();
    expect(second.seen).toEqual(numbers(4, 6));
  });

  it('relays heartbeats', async () => {
    const { server, open, settle, clock } = world();
    const tabs = [open(), open()];
    await settle();
    server.publish(2);
    server.beat(clock.now());
    await settle();
    for (const tab of tabs) {
      expect(tab.facts.find(({ kind }) => kind === 'heartbeat')).toMatchObject({
        head: `${EPOCH}.2`,
        lagEvents: 0,
      });
    }
  });
});
