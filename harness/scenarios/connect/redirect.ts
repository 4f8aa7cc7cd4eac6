import { scenario } from '../scenario.ts';

export default scenario({
  id: 'connect/redirect',
  title: 'the stream has moved; then the address is missing, then empty',
  hypothesis:
    'A redirect is followed with the cursor; one that leads nowhere ends the attempt with its status, and no loop.',
  steadyState: 'One open connection, five events processed.',
  guarantee: 'effectively-once',
  // 1 first, 2 + 2 followed, 1 missing, and for the empty one 2, or 1 and 1 by hand.
  budget: { catchUpMs: 2000, duplicatesOnWire: 0, attempts: { min: 8, max: 8 } },
  needs: ['connect', 'resume', 'reconnect'],
  faults: ['sse-proxy/redirect', 'sse-proxy/redirect', 'sse-proxy/redirect', 'sse-proxy/redirect'],
  expect: { giveUp: 'required' },
  async run(s) {
    const { client, network } = s;
    await client.connects();
    await s.publish(5);
    await client.processed(5);

    network.sse.arm({ name: 'redirect', status: 307 });
    await client.reconnects();
    await client.opened(2);
    network.sse.arm({ name: 'redirect', status: 301 });
    await client.reconnects();
    await client.opened(3);

    network.sse.arm({ name: 'redirect', location: null });
    await client.reconnects();
    await client.gaveUp(1);
    // Fetch reads an empty Location as "the same URL"; Chromium reads it as none. Both are an end without a loop.
    network.sse.arm({ name: 'redirect', location: '' });
    await client.reconnects();
    await s.until('an empty Location leads somewhere', () => ends() > 0);
    if (client.saw('give-up').length === 2) await client.reconnects();
    await client.opened(4);
    await s.publish(5);
    await client.processed(10);

    function ends(): number {
      return client.saw('open').length - 3 + client.saw('give-up').length - 1;
    }
  },
  check(s) {
    // That it is the right one is judged by the check `resume`.
    const bare = s
      .seen('request')
      .slice(1)
      .filter(({ lastEventId }) => !lastEventId);
    const [refused] = s.client.saw('close').filter(({ cause }) => cause === 'status');
    return [
      ...(bare.length === 0 ? [] : [`${bare.length} requests lost the cursor on the way`]),
      ...(refused ? [] : ['the missing Location did not show as the cause']),
    ];
  },
});
