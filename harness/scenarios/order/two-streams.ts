import { afterEvent } from '../../sse-proxy/triggers.ts';
import { scenario } from '../scenario.ts';

const SECOND = 'second';

export default scenario({
  id: 'order/two-streams',
  title: 'two streams side by side, published in turn',
  hypothesis:
    'Each stream has an order of its own: a swap on one and a cut on the other do not touch each other’s.',
  steadyState: 'Two clients in one place, each with one open connection to its own stream.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, duplicatesOnWire: 0 },
  needs: ['connect', 'resume', 'reorder', 'fresh-token', 'tenants'],
  faults: ['sse-proxy/swap', 'sse-proxy/cut'],
  server: { tokens: { one: {}, two: { stream: SECOND } } },
  client: { tokens: ['one'] },
  async run(s) {
    const first = s.client;
    const second = s.companion({ tokens: ['two'] }, SECOND);
    await first.connects();
    await second.connects();
    const swap = s.network.sse.arm({ name: 'swap', on: { nth: 1 }, trigger: afterEvent(3) });
    const cut = s.network.sse.arm({ name: 'cut', on: { nth: 2 }, trigger: afterEvent(5) });
    for (let turn = 0; turn < 10; turn++) {
      await s.publish(1);
      await s.publishTo(SECOND, 1);
    }
    await swap.fired();
    await cut.fired();
    await second.opened(2);
    await first.processed(10);
    await second.processed(10);
  },
  check(s) {
    const first = s.client.saw('open').length;
    return first === 1 ? [] : [`the stream that was not cut was opened ${first} times`];
  },
});
