import { scenario } from '../scenario.ts';

export default scenario({
  id: 'deploy/max-age',
  title: 'the server caps the age of connections',
  hypothesis:
    'A connection that has reached its age is ended in good order: a reconnect, no loss, nothing for the user.',
  steadyState: 'One open connection whose life is one second.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, attempts: { min: 3, max: 12 }, catchUpMs: 2000 },
  needs: ['connect', 'resume', 'replay'],
  faults: ['server/max-age'],
  server: { limits: { maxAgeMs: 1000 } },
  async run(s) {
    const cap = s.planned('server/max-age');
    await s.client.connects();
    cap.armed();
    for (let life = 2; life <= 3; life++) {
      await s.publish(5);
      await s.client.opened(life);
    }
    const drained = s.seen('state').filter(({ state }) => state === 'draining');
    if (drained.length >= 2) cap.fired({ drained: drained.length }, drained[0]?.at);
    cap.healed();
    await s.publish(5);
    await s.client.processed(15);
  },
  check: (s) => [
    ...s.seen('give-up').map(({ reason }) => `gave up: ${reason}`),
    ...s.seen('announced').map(({ what }) => `announced ${what}`),
  ],
});
