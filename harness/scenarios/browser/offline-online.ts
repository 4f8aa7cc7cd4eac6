import { scenario } from '../scenario.ts';

export default scenario({
  id: 'browser/offline-online',
  title: 'the machine loses its network and gets it back',
  hypothesis:
    'Attempts while offline stay few, and the word `online` cuts a long wait short: no sitting out, and no loop.',
  steadyState:
    'One open connection, five events processed; a lost attempt is followed by a wait of many seconds.',
  guarantee: 'effectively-once',
  budget: { detectMs: 1000, healMs: 5000, catchUpMs: 2000, duplicatesOnWire: 0, attempts: { max: 4 } },
  needs: ['connect', 'resume', 'replay', 'offline'],
  faults: ['life/offline', 'toxiproxy/down'],
  client: { retryBaseMs: 15_000, retryMaxMs: 15_000 },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    // setOffline does not touch a stream that is open (measured), so the network goes down as well.
    const offline = await s.client.goesOffline();
    const outage = await s.network.down();
    await s.client.closed(1);
    await s.publish(5);
    // A signal cuts a wait short only when the attempt before is a second ago; nothing happens that could be awaited.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await outage.heal();
    await offline.heal();
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const [retry] = s.client.saw('retry');
    const [, open] = s.client.saw('open');
    const tookMs = open && retry ? open.at - retry.at : Number.NaN;
    return retry && tookMs < retry.delayMs
      ? []
      : [`came back after ${Math.round(tookMs)} ms, the planned wait was ${Math.round(retry?.delayMs ?? 0)}`];
  },
});
