import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../testing/index.ts';
import { FakeBrowser, FakeServer } from './fake-browser.fixture.ts';
import { connectShared } from './index.ts';
import { world } from './pages.fixture.ts';

describe('the beginning and the end of tabs that share a stream', () => {
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

  it.each(['leaderTimeoutMs', 'pingMs', 'gatherMs', 'ringEvents', 'ringBytes', 'bufferBytes'])(
    'refuses a share.%s that is negative or no number',
    (name) => {
      const { open } = world();
      for (const value of [-1, Number.NaN, 'soon'])
        expect(() => open({ share: { [name]: value } }), `${value}`).toThrow(
          expect.objectContaining({
            code: 'ERR_INVALID_OPTION',
            message: expect.stringContaining(`share.${name} `),
          }),
        );
    },
  );

  it('lets a leader remember nothing and wait for nobody', async () => {
    const { open, settle } = world();
    const { stream } = open({ share: { gatherMs: 0, ringEvents: 0, ringBytes: 0 } });
    await settle();
    expect(stream.state).toBe('open');
  });

  it('refuses to guess what a function or a body names', () => {
    const { open } = world();
    expect(() => open({ method: 'POST', body: 'x' })).toThrow(/share.name is needed/);
    const { ports, tabPorts } = new FakeBrowser().open('x', new VirtualClock(), new FakeServer());
    expect(() => connectShared(() => 'http://server/', { ports, share: { ports: tabPorts } })).toThrow(
      /share.name is needed/,
    );
  });
});
