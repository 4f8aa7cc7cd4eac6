import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../testing/index.ts';
import { memoryCursorStore } from '../cursor-store.ts';
import type { ClientFact } from '../facts.ts';
import { EPOCH, FakeBrowser, FakeServer, type FakeTab } from './fake-browser.fixture.ts';
import { connectShared, type SharedConnectOptions, type SharedHandle, SharedStreamError } from './index.ts';

interface Page {
  readonly tab: FakeTab;
  readonly stream: SharedHandle;
  readonly seen: string[];
  readonly facts: ClientFact[];
}

const pages: Page[] = [];
afterEach(async () => {
  await Promise.all(pages.splice(0).map(({ stream }) => stream.close()));
});

function world(latencyMs?: () => number) {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const browser = new FakeBrowser(latencyMs);
  let opened = 0;
  return {
    clock,
    server,
    browser,
    open(options: SharedConnectOptions = {}): Page {
      const tab = browser.open(`tab${++opened}`, clock, server);
      const seen: string[] = [];
      const facts: ClientFact[] = [];
      const stream = connectShared('http://server/stream', {
        onEvent: ({ raw }) => void seen.push(raw),
        observe: (fact) => facts.push(fact),
        ports: tab.ports,
        retry: { baseMs: 100, maxMs: 1000 },
        ...options,
        share: { ports: tab.tabPorts, ...options.share },
      });
      const page = { tab, stream, seen, facts };
      pages.push(page);
      return page;
    },
    /** Time for any election, ask, retry and delivery that is under way. */
    settle: () => clock.advance(5000),
  };
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n));
const leaderOf = (all: readonly Page[]) => all.filter(({ stream }) => stream.role === 'leader');
const kinds = (page: Page, ...wanted: string[]) =>
  page.facts.map(({ kind }) => kind).filter((kind) => wanted.includes(kind));

describe('tab sharing', () => {
  it('makes one connection, whose events every tab handles in order and once', async () => {
    const { server, open, settle } = world();
    const tabs = [open(), open(), open()];
    await settle();
    server.publish(50);
    await settle();
    expect(tabs.map(({ seen }) => seen)).toEqual([numbers(1, 50), numbers(1, 50), numbers(1, 50)]);
    expect([server.connections, server.most, server.requests.length]).toEqual([1, 1, 1]);
    expect(tabs.map(({ stream }) => stream.role)).toEqual(['leader', 'follower', 'follower']);
    expect(tabs.map(({ stream }) => stream.stats().cursor)).toEqual(Array(3).fill(`${EPOCH}.50`));
    expect(tabs.flatMap((tab) => kinds(tab, 'duplicate', 'gap', 'error'))).toEqual([]);
  });

  it.each([
    ['is closed', (leader: Page) => void leader.stream.close()],
    ['crashes', (leader: Page) => leader.tab.kill()],
    ['goes to the back/forward cache or is frozen', (leader: Page) => leader.tab.goAway()],
  ])('hands over without gap or duplicate when the leader %s mid-stream', async (_how, end) => {
    const { server, clock, open, settle } = world();
    const [first, ...others] = [open(), open(), open()];
    await settle();
    server.publish(10);
    if (first) end(first);
    server.publish(10);
    await clock.advance(1);
    server.publish(10);
    await settle();
    for (const { seen } of others) expect(seen).toEqual(numbers(1, 30));
    expect(leaderOf(others)).toHaveLength(1);
    expect([server.connections, server.most]).toEqual([1, 1]);
    expect(others.flatMap((tab) => kinds(tab, 'duplicate', 'gap', 'disconnect'))).toEqual([]);
  });

  it('comes back without loss after it was put away', async () => {
    const { server, open, settle } = world();
    const tabs = [open(), open()];
    await settle();
    server.publish(3);
    tabs[0]?.tab.goAway();
    server.publish(3);
    await settle();
    expect(tabs.map(({ seen }) => seen)).toEqual([numbers(1, 6), numbers(1, 6)]);
    expect(tabs.map(({ stream }) => stream.role)).toEqual(['follower', 'leader']);
  });

  it('takes the lead from a leader that stands still with its lock, which steps down when it wakes', async () => {
    const { server, clock, open, settle } = world();
    const tabs = [open(), open(), open()];
    await settle();
    server.publish(5);
    await settle();
    tabs[0]?.tab.freeze();
    server.publish(5);
    await clock.advance(20_000);
    for (const { seen } of tabs.slice(1)) expect(seen).toEqual(numbers(1, 10));
    tabs[0]?.tab.thaw();
    server.publish(5);
    await clock.advance(20_000);
    for (const { seen } of tabs) expect(seen).toEqual(numbers(1, 15));
    expect(leaderOf(tabs)).toHaveLength(1);
    expect(server.connections).toBe(1);
  });

  it('does not take the lead from a leader whose stream is merely quiet', async () => {
    const { clock, server, open } = world();
    const tabs = [open(), open()];
    await clock.advance(600_000);
    expect(tabs.map(({ stream }) => stream.role)).toEqual(['leader', 'follower']);
    expect(server.requests).toHaveLength(1);
  });

  it.each([1, 2])('is not misled by what a leader said before it crashed (%s tabs left)', async (left) => {
    const { server, browser, clock, open, settle } = world();
    const tabs = Array.from({ length: left }, () => open());
    await settle();
    const ghost = browser.open('ghost', clock, server).tabPorts.channel('', () => undefined);
    ghost.post({ type: 'lead', from: 'ghost' });
    server.publish(3);
    await clock.advance(30_000);
    server.publish(3);
    await settle();
    for (const { seen } of tabs) expect(seen).toEqual(numbers(1, 6));
    expect(leaderOf(tabs)).toHaveLength(1);
    expect(tabs.flatMap((tab) => kinds(tab, 'duplicate', 'gap', 'disconnect'))).toEqual([]);
  });

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

  it('leaves no timer, lock or channel behind', async () => {
    const { clock, browser, open, settle } = world();
    const tabs = [open(), open()];
    await settle();
    await Promise.all(tabs.map(({ stream }) => stream.close()));
    await clock.advance(0);
    expect([clock.pending, browser.held, browser.queue]).toEqual([0, null, []]);
    expect(tabs.map(({ stream }) => stream.role)).toEqual(['alone', 'alone']);
  });

  it('connects alone, and says so, where locks are refused', async () => {
    const { server, open, settle } = world();
    const refused = new DOMException('no locks here', 'SecurityError');
    const errors: unknown[] = [];
    const tab = open();
    await tab.stream.close();
    const alone = open({
      share: {
        ports: { ...tab.tab.tabPorts, locks: { request: () => Promise.reject(refused) } },
        onUnavailable: (error) => errors.push(error),
      },
    });
    await settle();
    server.publish(2);
    await settle();
    expect([alone.seen, alone.stream.role, errors]).toEqual([['1', '2'], 'alone', [refused]]);
  });

  it('refuses to guess what a function or a body names', () => {
    const { open } = world();
    expect(() => open({ method: 'POST', body: 'x' })).toThrow(/share.name is needed/);
    const { ports, tabPorts } = new FakeBrowser().open('x', new VirtualClock(), new FakeServer());
    expect(() => connectShared(() => 'http://server/', { ports, share: { ports: tabPorts } })).toThrow(
      /share.name is needed/,
    );
  });

  it('loses and repeats nothing under any schedule of tabs that come, go, crash and stand still', async () => {
    const action = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 8 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('pass' as const), count: fc.integer({ min: 0, max: 3000 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constantFrom(
            'open' as const,
            'close' as const,
            'kill' as const,
            'away' as const,
            'freeze' as const,
            'thaw' as const,
            'cut' as const,
          ),
          count: fc.nat(5),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), fc.nat(), async (actions, seed) => {
        const random = seededRandom(seed);
        // Half of them in a browser where messages and locks take their time, each its own.
        const { server, clock, open } = world(seed % 2 ? () => Math.floor(random() ** 3 * 50) : undefined);
        const keep = { share: { ringEvents: 10 } };
        let alive = [open(keep), open(keep)];
        await clock.advance(1000);
        for (const { do: what, count } of actions) {
          const page = alive[count % Math.max(1, alive.length)];
          if (what === 'publish') server.publish(count);
          else if (what === 'pass') await clock.advance(count);
          else if (what === 'open' && alive.length < 6) alive.push(open(keep));
          else if (what === 'cut') server.cut();
          else if (page && (what === 'close' || what === 'kill')) {
            if (alive.length < 2) continue;
            page.tab.thaw();
            if (what === 'close') void page.stream.close();
            else page.tab.kill();
            alive = alive.filter((other) => other !== page);
          } else if (what === 'away') page?.tab.goAway();
          else if (what === 'freeze') page?.tab.freeze();
          else if (what === 'thaw') page?.tab.thaw();
        }
        for (const { tab } of alive) tab.thaw();
        await clock.advance(30_000);
        server.publish(3);
        await clock.advance(30_000);
        for (const page of alive) {
          const first = Number(page.seen[0]);
          expect(page.seen).toEqual(numbers(first, server.head));
          expect(kinds(page, 'duplicate', 'gap', 'cannot-resume')).toEqual([]);
        }
        expect(leaderOf(alive)).toHaveLength(1);
        expect(server.connections).toBe(1);
        await Promise.all(pages.splice(0).map(({ stream }) => stream.close()));
      }),
      { numRuns: Number(process.env.TAB_RUNS ?? 40) },
    );
  });
});
