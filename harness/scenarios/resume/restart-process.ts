import { scenario } from '../scenario.ts';

export default scenario({
  id: 'resume/restart-process',
  title: 'the client ends properly and is started again',
  hypothesis:
    'The cursor in the file names the last event that was handled: nothing is handled again, nothing is missed.',
  steadyState: 'One open connection, five events processed; the cursor is on disk.',
  guarantee: 'effectively-once',
  budget: {
    catchUpMs: 5000,
    duplicatesOnWire: 0,
    resumeOverlap: 0,
    resumeGap: 0,
    attempts: { min: 3, max: 3 },
  },
  needs: ['connect', 'resume', 'replay', 'process'],
  faults: [],
  async run(s) {
    await s.client.start({ remembers: true });
    await s.client.opened(1);
    for (let life = 1; life <= 2; life++) {
      await s.publish(5);
      await s.client.processed(10 * life - 5);
      await s.client.leaves();
      await s.publish(5);
      await s.client.start({ remembers: true });
      await s.client.processed(10 * life);
    }
  },
});
