import { type DemoServer, demoServers } from '../fixtures/servers/index.ts';
import { EVERY_SERVER, type Scenario, scenarios } from '../harness/scenarios/index.ts';

/**
 * The servers that a scenario runs against: all of them for the scenarios tagged so, or with `SSE_KIT_ALL_SERVERS=1`;
 * else one, chosen by the scenario's place in the catalogue.
 */
export function serversFor(scenario: Scenario): readonly DemoServer[] {
  if (process.env.SSE_KIT_ALL_SERVERS === '1' || scenario.tags.includes(EVERY_SERVER)) return demoServers;
  return demoServers.filter((_, index) => index === scenarios.indexOf(scenario) % demoServers.length);
}
