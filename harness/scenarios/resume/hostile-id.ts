import { scenario } from '../scenario.ts';

/** Whatever came into a store, or was handed to the client by somebody who means harm. */
const CURSORS = [
  { from: 'a\r\nx-injected: 1', cursor: 'header' },
  { from: 'a\0b', cursor: 'header' },
  { from: 'x'.repeat(64 * 1024), cursor: 'header' },
  { from: 'a\r\nx-injected: 1', cursor: 'query' },
  { from: 'a\0\u{1f4a3}\u2028\u0085', cursor: 'query' },
  { from: '../../../../etc/passwd', cursor: 'query' },
] as const;

export default scenario({
  id: 'resume/hostile-id',
  title: 'the cursor is made to do harm',
  hypothesis:
    'Line ends, NUL, 64 KiB, other scripts: each client gets a defined answer in its query, none injects a header, none loops, and the server goes on serving.',
  steadyState: 'As many clients as there are hostile cursors, and one that is well-behaved.',
  guarantee: 'announced-loss',
  budget: { catchUpMs: 2000, attempts: { max: 6 } },
  needs: ['connect', 'resume', 'announce-loss', 'detects-loss', 'start-from', 'process'],
  faults: [],
  expect: { announced: { missed: null, reasons: ['malformed'], atLeast: 0 }, giveUp: 'allowed' },
  takesMs: 30_000, // seven processes to start
  async run(s) {
    await s.client.connects();
    const ended = (client: ReturnType<typeof s.companion>) =>
      client.saw('announced').length > 0 || client.saw('close').some(({ final }) => final);
    const clients = CURSORS.map((settings) => s.companion(settings));
    await Promise.all(clients.map((client) => client.start()));
    for (const client of clients) {
      await s.until('a hostile cursor is answered or refused', () => ended(client));
      // 64 KiB are more than Node's HTTP server reads of a head: 431, which is final.
      if (client.saw('announced').length === 0) await client.leaves();
    }
    await s.publish(5);
    await s.client.processed(5);
  },
  check(s) {
    const injected = s
      .seen('wire')
      .some(({ base64 }) => /^x-injected:/im.test(Buffer.from(base64 ?? '', 'base64').toString('latin1')));
    return injected ? ['a line end in a cursor became a header'] : [];
  },
});
