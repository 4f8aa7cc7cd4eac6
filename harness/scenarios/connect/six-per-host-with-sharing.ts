import { scenario } from '../scenario.ts';

const TABS = 7;

export default scenario({
  id: 'connect/six-per-host-with-sharing',
  title: 'seven tabs in a browser that allows six connections, sharing one',
  hypothesis: 'Tabs that share a connection do not starve, however many there are.',
  steadyState: 'Seven tabs with one connection.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000 },
  needs: ['connect', 'connection-limit', 'tabs'],
  faults: ['browser/six-per-host'],
  // Seldom, so that a busy machine is not taken for a dead server.
  server: { heartbeatMs: 5000 },
  client: { shared: true },
  takesMs: 20_000, // seven tabs to open
  async run(s) {
    const limit = s.planned('browser/six-per-host');
    const tabs = [s.client, ...Array.from({ length: TABS - 1 }, () => s.companion())];
    limit.armed();
    for (const tab of tabs) await tab.connects();
    await s.publish(10);
    for (const tab of tabs) await tab.processed(10);
    const requests = s.seen('request').length;
    // Six at most, so it is the sharing that serves the seventh; without it see connect/six-per-host.
    if (tabs.length > 6) limit.fired({ tabs: tabs.length, requests });
    limit.healed();
  },
  check(s) {
    const requests = s.seen('request').length;
    return requests === 1 ? [] : [`${requests} requests for ${TABS} tabs`];
  },
});
