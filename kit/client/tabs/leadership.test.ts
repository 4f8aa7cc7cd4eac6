import { describe, expect, it } from 'vitest';
import { EPOCH } from './fake-browser.fixture.ts';
import { kinds, leaderOf, numbers, type Page, world } from './pages.fixture.ts';

describe('who leads tabs that share a stream', () => {
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
});
