import { HANGS } from '../../subjects/types.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'resume/crash-before-commit',
  title: 'the client is killed inside its handler',
  hypothesis:
    'A position counts as done when its handler has finished: killed before, the event is delivered again.',
  steadyState:
    'One open connection, five events processed, the handler busy with the sixth; the cursor is on disk.',
  guarantee: 'at-least-once',
  budget: { catchUpMs: 5000, attempts: { min: 2, max: 4 } },
  needs: ['connect', 'resume', 'process'],
  faults: ['process/sigkill-client'],
  server: { heartbeatMs: 300 },
  async run(s) {
    await s.client.start({ remembers: true, hangsAt: 6 });
    await s.client.opened(1);
    await s.publish(10);
    await s.client.hangs();
    await s.network.passes(5); // heartbeats: time enough for a cursor committed too early to reach the disk
    await s.client.kill();
    await s.client.start({ remembers: true });
    await s.client.processed(10);
  },
  check(s) {
    const [handled] = s
      .seen('note')
      .flatMap(({ text }) => (text.startsWith(HANGS) ? [text.slice(HANGS.length + 1)] : []));
    const times = s.client.saw('processed').filter(({ id }) => id === handled).length;
    return times === 1 ? [] : [`the event that was being handled was finished ${times} times`];
  },
});
