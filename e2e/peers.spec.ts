import { demoServers } from '../fixtures/servers/index.ts';
import { peerServers } from '../fixtures/servers/peers/index.ts';
import { clientBoard, serverBoard } from '../harness/peers/index.ts';
import { findBrowser } from '../harness/runner/browsers.ts';
import { kitNode } from '../harness/subjects/index.ts';
import { BROWSER_PEERS, peerBrowser } from '../harness/subjects/peer-browser.ts';
import { NODE_PEER_NAMES, peerNode } from '../harness/subjects/peer-node.ts';
import { playPeer, test } from './peers.ts';
import { tagsOf } from './play.ts';

const [kitServer] = demoServers;
if (!kitServer) throw new Error('there is no server of the kit to judge the clients by');

for (const peer of NODE_PEER_NAMES) {
  for (const scenario of clientBoard(`${peer}/node`)) {
    test(`${scenario.id} · ${peer} in Node`, { tag: tagsOf(scenario) }, async ({ toxiproxy }) => {
      await playPeer({ scenario, subject: peerNode(peer), server: kitServer, toxiproxy });
    });
  }
}

for (const name of ['chromium', 'firefox'] as const) {
  for (const peer of BROWSER_PEERS) {
    for (const scenario of clientBoard(`${peer}/${name}`)) {
      const title = `${scenario.id} · ${peer} in ${name}`;
      test(title, { tag: tagsOf(scenario) }, async ({ browsers, toxiproxy }) => {
        const found = findBrowser(name);
        test.skip(!found.available, `no ${name}`);
        const browser = await browsers(name);
        const page = await browser.newPage();
        const version = browser.version();
        try {
          const subject = await peerBrowser({ peer, page, browser: name, browserVersion: version });
          await playPeer({ scenario, subject, server: kitServer, toxiproxy, browser: { name, version } });
        } finally {
          await page.close();
        }
      });
    }
  }
}

for (const server of peerServers) {
  // The column is the server's: the kit's client only reads it.
  const name = `${server.name}/server`;
  for (const scenario of serverBoard(name)) {
    test(`${scenario.id} · ${server.name} as server`, { tag: tagsOf(scenario) }, async ({ toxiproxy }) => {
      const kit = kitNode();
      const subject = { ...kit, name, version: `${server.version}, read by ${kit.version}` };
      await playPeer({ scenario, subject, server, toxiproxy });
    });
  }
}
