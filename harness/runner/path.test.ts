import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { type EmbeddedToxiproxy, startEmbeddedToxiproxy } from '../toxiproxy/embedded/index.ts';
import { acquireToxiproxy, type ToxiproxyServer } from '../toxiproxy/index.ts';
import { createFaultPlan } from './faults.ts';
import { openPath } from './path.ts';
import { createHistoryWatch } from './watch.ts';

// A container on a bridge network, played by loopback addresses: it listens on 127.0.0.2 and must not find the servers
// at 127.0.0.1, but at 127.0.0.3. Only Linux answers on all of 127/8 without being told to.
const unavailable = process.platform === 'linux' ? undefined : 'only Linux has all of 127/8 on loopback';
const title = 'the path through a Toxiproxy that does not share our loopback';

describe.skipIf(unavailable)(unavailable ? `${title} (${unavailable})` : title, () => {
  let upstream: Server;
  let container: EmbeddedToxiproxy;
  let toxiproxy: ToxiproxyServer;

  beforeEach(async () => {
    upstream = createServer((_request, response) => response.end('through all of it'));
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    container = await startEmbeddedToxiproxy();
    toxiproxy = await acquireToxiproxy({
      env: {
        TOXIPROXY_URL: container.url,
        TOXIPROXY_LISTEN_HOST: '127.0.0.2',
        TOXIPROXY_UPSTREAM_HOST: '127.0.0.3',
      },
    });
  });
  afterEach(async () => {
    await toxiproxy.stop();
    await container.stop();
    upstream.close();
  });

  it('reaches the server, though only the hop behind the Toxiproxy is opened to it', async () => {
    const records: HistoryRecord[] = [];
    const watch = createHistoryWatch((record) => records.push(record));
    const faults = createFaultPlan([], watch.add);
    const { port } = upstream.address() as AddressInfo;
    const origin = new URL(`http://127.0.0.1:${port}/`);
    const path = await openPath({
      upstream: origin,
      toxiproxy,
      faults,
      watch,
      random: () => 0,
      patienceMs: 5_000,
    });
    try {
      const [proxy] = await toxiproxy.client.listProxies();
      expect(proxy?.listen).toMatch(/^127\.0\.0\.2:/);
      expect(proxy?.upstream).toMatch(/^127\.0\.0\.3:/);
      const response = await fetch(path.network.url(origin.href));
      expect(await response.text()).toBe('through all of it');
    } finally {
      await path.close();
    }
  });
});
