import { scenarios } from '../harness/scenarios/index.ts';
import { kitNode } from '../harness/subjects/index.ts';
import { play, tagsOf, test } from './play.ts';
import { serversFor } from './servers.ts';

for (const scenario of scenarios) {
  for (const server of serversFor(scenario)) {
    test(`${scenario.id} · ${server.name}`, { tag: tagsOf(scenario) }, async ({ toxiproxy }) => {
      await play({ scenario, server, subject: kitNode(), toxiproxy });
    });
  }
}
