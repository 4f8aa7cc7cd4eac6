import { header } from '../../sse-proxy/http/head.ts';
import { scenario } from '../scenario.ts';

export default scenario({
  id: 'connect/unauthorized',
  title: 'the token has expired; later every token is refused',
  hypothesis:
    'A 401 is answered by one request with a fresh token, at once; when that is refused too, the client gives up.',
  steadyState: 'The client has not connected before; its first token is stale.',
  guarantee: 'effectively-once',
  budget: { catchUpMs: 2000, duplicatesOnWire: 0, attempts: { min: 5, max: 5 } },
  needs: ['connect', 'resume', 'reconnect', 'fresh-token'],
  faults: ['sse-proxy/status', 'sse-proxy/status'],
  client: { tokens: ['stale', 'fresh'] },
  expect: { giveUp: 'required' },
  async run(s) {
    const expired = s.network.sse.arm({
      name: 'status',
      status: 401,
      times: 'always',
      on: { where: ({ headers }) => header(headers, 'authorization') === 'Bearer stale' },
    });
    await s.client.connects();
    await expired.fired();
    await s.publish(5);
    await s.client.processed(5);
    const forever = s.network.sse.arm({ name: 'status', status: 401, times: 'always' });
    await s.client.reconnects();
    await s.client.gaveUp(1);
    await forever.heal();
    await s.publish(5);
    await s.client.reconnects();
    await s.client.opened(2);
    await s.client.processed(10);
  },
  check(s) {
    const retries = s.client.saw('retry').length;
    return retries === 0 ? [] : [`waited ${retries} times where a fresh token or the end was due`];
  },
});
