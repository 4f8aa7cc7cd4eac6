import { EVERY_SERVER, scenario } from '../scenario.ts';

export default scenario({
  id: 'deploy/sigkill-memory',
  title: 'the server is killed and its log with it',
  hypothesis: 'A log that lived in memory is gone: the client is told that the epoch changed and goes on.',
  steadyState: 'One open connection, ten events processed.',
  guarantee: 'announced-loss',
  budget: { detectMs: 2000, healMs: 5000, catchUpMs: 2000 },
  tags: [EVERY_SERVER],
  needs: ['connect', 'resume', 'announce-loss', 'kill', 'detects-loss'],
  faults: ['process/sigkill'],
  expect: { announced: { missed: null, reasons: ['epoch-changed'] } },
  async run(s) {
    await s.client.connects();
    await s.publish(10);
    await s.client.processed(10);
    await s.server.kill();
    await s.client.closed(1);
    await s.server.restart();
    await s.client.announced(1);
    await s.publish(10);
    await s.client.processed(20);
  },
});
