import { openMuteSocket } from '../../runner/raw-stream.ts';
import { scenario } from '../scenario.ts';

const SOCKETS = 500;

export default scenario({
  id: 'security/slowloris',
  title: '500 requests are begun and never finished',
  hypothesis: 'Half a request costs a socket and nothing else: others connect, read and resume as before.',
  steadyState: 'Nobody is connected; 500 sockets hold half a request each.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, healMs: 5000, catchUpMs: 3000 },
  needs: ['connect', 'resume', 'replay', 'process'],
  faults: ['client/slowloris', 'toxiproxy/down'],
  async run(s) {
    const slow = s.planned('client/slowloris');
    slow.armed();
    const half = 'GET /stream HTTP/1.1\r\nHost: sse-kit\r\nX-Slow: ';
    const sockets = await Promise.all(
      Array.from({ length: SOCKETS }, () => openMuteSocket(s.site.url(), half)),
    );
    await s.client.connects();
    await s.publish(10);
    await s.client.processed(10);
    const outage = await s.network.down();
    await s.publish(10);
    await outage.heal();
    await s.client.processed(20);
    const held = sockets.filter((socket) => !socket.destroyed).length;
    if (held === SOCKETS) slow.fired({ held });
    for (const socket of sockets) socket.destroy();
    slow.healed();
  },
});
