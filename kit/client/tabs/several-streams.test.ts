import { afterEach, describe, expect, it } from 'vitest';
import { webHandler } from '../../adapters/web.ts';
import { parseVector } from '../../protocol/vector-cursor.ts';
import { createMemoryLog, createStreamHub, type StreamHub } from '../../server/index.ts';
import { VirtualClock } from '../../testing/index.ts';
import { fetchTransport } from '../transport.ts';
import { FakeBrowser, type Server } from './fake-browser.fixture.ts';
import { covers, distance, oldest } from './marks.ts';
import { type Page, pagesOf } from './pages.fixture.ts';

const hubs: StreamHub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

/** Tabs of one browser, and a real hub that gives each connection two of its streams. */
function world(maxEvents = 1000) {
  const clock = new VirtualClock();
  const hub: StreamHub = createStreamHub({
    clock,
    heartbeat: 'off',
    log: () => createMemoryLog({ maxEvents }),
  });
  hubs.push(hub);
  const handle = webHandler(hub.streams(['a', 'b/1']));
  const requests: Array<string | null> = [];
  const transport = fetchTransport(async (url, init) => {
    const request = new Request(url, init);
    requests.push(request.headers.get('last-event-id'));
    return handle(request);
  });
  const server: Server = { connect: (_tab, request) => transport(request) };
  const browser = new FakeBrowser();
  return {
    requests,
    open: pagesOf<Record<string, number[]>>(
      browser,
      clock,
      server,
      () => ({ a: [], 'b/1': [] }),
      (seen, { id, data }) => void seen[parseVector(id ?? '')?.[0].stream ?? '']?.push(Number(data)),
    ),
    async publish(stream: string, from: number, to: number): Promise<void> {
      for (let n = from; n <= to; n++) await hub.stream(stream).publish('tick', n);
    },
    settle: () => clock.advance(5000),
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const bad = (page: Page<unknown>) =>
  page.facts.flatMap(({ kind }) => (['duplicate', 'gap', 'cannot-resume'].includes(kind) ? [kind] : []));

describe('tabs that share a connection of several streams', () => {
  it('each get all of every stream, once and in order, over a handover too', async () => {
    const { open, publish, settle, requests } = world();
    const [leader, ...others] = [open(), open(), open()];
    await settle();
    await publish('a', 1, 10);
    await publish('b/1', 1, 5);
    await settle();
    await publish('a', 11, 12);
    leader?.tab.kill();
    await publish('b/1', 6, 9);
    await settle();
    await publish('a', 13, 20);
    await settle();
    for (const page of others) {
      expect(page.seen).toEqual({ a: numbers(1, 20), 'b/1': numbers(1, 9) });
      expect(bad(page)).toEqual([]);
      const places = parseVector(page.stream.stats().cursor ?? '')?.map(({ stream, position }) => [
        stream,
        position.seq,
      ]);
      expect(places?.sort()).toEqual([
        ['a', 20],
        ['b/1', 9],
      ]);
    }
    expect(requests).toHaveLength(2);
  });

  it('begin where they are, in each stream by itself', async () => {
    const { open, publish, settle, requests } = world();
    const first = open();
    await settle();
    await publish('a', 1, 4);
    await publish('b/1', 1, 4);
    await settle();
    const [id = ''] = (first.stream.stats().cursor ?? '')
      .split(';')
      .filter((entry) => entry.startsWith('a='));
    const behind = `${id.replace(/\d+$/, '1')};${first.stream
      .stats()
      .cursor?.split(';')
      .find((e) => e.startsWith('b'))}`;
    const [late, fresh] = [open({ from: behind }), open()];
    await settle();
    const met = [late, fresh].map(({ facts }) => facts.find((fact) => fact.kind === 'open')?.server?.resume);
    expect(met).toEqual(['ok', 'fresh']);
    expect(fresh.stream.stats().cursor?.split(';').sort()).toEqual(
      first.stream.stats().cursor?.split(';').sort(),
    );
    await publish('a', 5, 5);
    await settle();
    expect(late.seen).toEqual({ a: numbers(2, 5), 'b/1': [] });
    expect(fresh.seen).toEqual({ a: [5], 'b/1': [] });
    expect([late, fresh, first].flatMap(bad)).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  it('hear of a loss in the stream that has it, and only those that have it', async () => {
    const { open, publish, settle } = world(5);
    const first = open({ share: { ringEvents: 2 } });
    await settle();
    await publish('a', 1, 2);
    await publish('b/1', 1, 2);
    await settle();
    const old = first.stream.stats().cursor ?? '';
    await publish('a', 3, 20);
    await settle();
    const late = open({ from: old });
    await settle();
    expect(late.facts.filter(({ kind }) => kind === 'cannot-resume')).toMatchObject([
      { stream: 'a', reason: 'expired', missed: 13 },
    ]);
    expect(late.seen).toEqual({ a: numbers(16, 20), 'b/1': [] });
    await publish('b/1', 3, 3);
    await settle();
    expect([late.seen['b/1'], first.seen['b/1']]).toEqual([[3], [1, 2, 3]]);
    expect([first.seen.a, bad(first)]).toEqual([numbers(1, 20), []]);
  });
});

describe('marks of several streams', () => {
  const at = (a: number, b: number) => `a=epoch-aa.${a};b=epoch-bb.${b}`;

  it('are compared in the own stream of an id', () => {
    expect(distance(at(3, 9), at(5, 0))).toBe(2);
    expect(distance(at(3, 9), 'b=epoch-bb.4')).toBe(-5);
    expect([distance(at(3, 9), 'c=epoch-cc.1'), distance(at(3, 9), 'epoch-aa.4')]).toEqual([null, null]);
  });

  it('are covered when each is, and the oldest is the least of each', () => {
    expect([
      covers(at(3, 3), at(3, 2)),
      covers(at(3, 3), at(2, 4)),
      covers('epoch-aa.2', 'epoch-aa.1'),
    ]).toEqual([true, false, true]);
    expect(
      oldest([at(3, 9), null, at(5, 2)])
        ?.split(';')
        .sort(),
    ).toEqual(at(3, 2).split(';'));
    expect(oldest(['epoch-aa.4', 'epoch-aa.2', 'epoch-aa.3'])).toBe('epoch-aa.2');
    expect(oldest([null, null])).toBeNull();
  });
});
