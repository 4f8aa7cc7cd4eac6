import { demoServers } from '../fixtures/servers/index.ts';
import { scenarios } from '../harness/scenarios/index.ts';
import { kitNode } from '../harness/subjects/index.ts';
import { play, tagsOf, test } from './play.ts';

for (const scenario of scenarios) {
  for (const server of demoServers) {
    test(`${scenario.id} · ${server.name}`, { tag: tagsOf(scenario) }, async ({ toxiproxy }) => {
      await play({ scenario, server, subject: kitNode(), toxiproxy });
    });
  }
}
