import { demoPage } from '../fixtures/page/build.ts';
import { scenarios } from '../harness/scenarios/index.ts';
import { kitBrowser } from '../harness/subjects/index.ts';
import { play, tagsOf, test } from './play.ts';
import { serversFor } from './servers.ts';

for (const scenario of scenarios) {
  for (const server of serversFor(scenario)) {
    test(`${scenario.id} · ${server.name}`, { tag: tagsOf(scenario) }, async ({
      page,
      browser,
      browserName,
      toxiproxy,
    }) => {
      const version = browser.version();
      const html = await demoPage();
      const subject = kitBrowser({ page, browser: browserName, browserVersion: version, html });
      await play({ scenario, server, subject, toxiproxy, browser: { name: browserName, version } });
    });
  }
}
