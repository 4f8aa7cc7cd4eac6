import { demoServers } from '../fixtures/servers/index.ts';
import { peerServers } from '../fixtures/servers/peers/index.ts';
import { clientBoard, serverBoard } from '../harness/peers/index.ts';
import { describeBrowser, findBrowser } from '../harness/runner/browsers.ts';
import type { Scenario } from '../harness/scenarios/index.ts';
import { kitNode } from '../harness/subjects/index.ts';
import { BROWSER_PEERS, peerBrowser } from '../harness/subjects/peer-browser.ts';
import { NODE_PEER_NAMES, peerNode } from '../harness/subjects/peer-node.ts';
import type { ToxiproxyServer } from '../harness/toxiproxy/index.ts';
import { type Browsers, playPeer, test } from './peers.ts';
import { tagsOf } from './play.ts';

const [kitServer] = demoServers;
if (!kitServer) throw new Error('there is no server of the kit to judge the clients by');

interface Cell {
  readonly scenario: Scenario;
  readonly where: string;
  readonly play: (parts: { browsers: Browsers; toxiproxy: ToxiproxyServer }) => Promise<void>;
}

const inNode = NODE_PEER_NAMES.flatMap((peer) =>
  clientBoard(`${peer}/node`).map(
    (scenario): Cell => ({
      scenario,
      where: `${peer} in Node`,
      play: ({ toxiproxy }) => playPeer({ scenario, subject: peerNode(peer), server: kitServer, toxiproxy }),
    }),
  ),
);

const inPages = (['chromium', 'firefox'] as const).flatMap((name) =>
  BROWSER_PEERS.flatMap((peer) =>
    clientBoard(`${peer}/${name}`).map(
      (scenario): Cell => ({
        scenario,
        where: `${peer} in ${name}`,
        play: async ({ browsers, toxiproxy }) => {
          const found = findBrowser(name);
          test.skip(!found.available, describeBrowser(found));
          const browser = await browsers(name);
          const page = await browser.newPage();
          const version = browser.version();
          try {
            const subject = await peerBrowser({ peer, page, browser: name, browserVersion: version });
            await playPeer({ scenario, subject, server: kitServer, toxiproxy, browser: { name, version } });
          } finally {
            await page.close();
          }
        },
      }),
    ),
  ),
);

const asServer = peerServers.flatMap((server) => {
  // The column is the server's: the kit's client only reads it.
  const name = `${server.name}/server`;
  return serverBoard(name).map(
    (scenario): Cell => ({
      scenario,
      where: `${server.name} as server`,
      play: async ({ toxiproxy }) => {
        const kit = kitNode();
        const subject = { ...kit, name, version: `${server.version}, read by ${kit.version}` };
        await playPeer({ scenario, subject, server, toxiproxy });
      },
    }),
  );
});

// Row by row, so that a run that is broken off has whole rows to compare.
const rows = [...new Set([...inNode, ...asServer].map(({ scenario }) => scenario.id))];
for (const row of rows) {
  for (const { scenario, where, play } of [...inNode, ...inPages, ...asServer]) {
    if (scenario.id !== row) continue;
    test(`${row} · ${where}`, { tag: tagsOf(scenario) }, async ({ browsers, toxiproxy }) => {
      await play({ browsers, toxiproxy });
    });
  }
}
