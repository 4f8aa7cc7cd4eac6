import { afterEvent } from '../../sse-proxy/triggers.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'order/swap',
  title: 'two neighbours arrive in the wrong order',
  hypothesis:
    'A client that buffers hands them over in order over the same connection; one that must not wait reports the one it passed over.',
  steadyState: 'Two clients, each with one open connection: one buffers, one drops what comes late.',
  guarantee: 'announced-loss',
  budget: { catchUpMs: 2000 },
  needs: ['connect', 'reorder'],
  faults: ['sse-proxy/swap', 'sse-proxy/swap'],
  async run(s) {
    const patient = s.client;
    const hasty = s.companion({ orderLate: 'drop' });
    await patient.connects();
    await hasty.connects();
    const first = s.network.sse.arm({ name: 'swap', on: { nth: 1 }, trigger: afterEvent(4) });
    const second = s.network.sse.arm({ name: 'swap', on: { nth: 2 }, trigger: afterEvent(4) });
    await s.publish(10);
    await first.fired();
    await second.fired();
    await patient.processed(10);
    await hasty.processed(9);
  },
  check(s) {
    const subjects = [...new Set(s.seen('open').map(({ subject }) => subject))];
    const [patient, hasty] = subjects.map((subject) => ({
      opens: s.seen('open').filter((record) => record.subject === subject).length,
      early: s.seen('out-of-order').filter((record) => record.subject === subject),
      lost: s.seen('announced').filter((record) => record.subject === subject),
    }));
    return [
      ...(patient?.opens === 1 ? [] : ['the client that buffers opened more than one connection']),
      ...(patient?.lost.length === 0 ? [] : ['the client that buffers announced a loss']),
      ...(patient?.early[0]?.policy === 'buffer' ? [] : ['the early event was not reported as buffered']),
      ...(hasty?.lost[0]?.missed === 1
        ? []
        : ['the client that drops did not announce the event it dropped']),
      ...(hasty?.early[0]?.policy === 'drop' ? [] : ['the late event was not reported as dropped']),
    ];
  },
});
