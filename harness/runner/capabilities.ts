import type { Scenario } from '../scenarios/scenario.ts';
import type { Capability } from '../subjects/types.ts';

/** The capabilities that a scenario needs and neither client nor server declares; a skip names them. */
export function missingCapabilities(
  scenario: Pick<Scenario, 'needs'>,
  client: ReadonlySet<Capability>,
  server: ReadonlySet<Capability>,
): readonly Capability[] {
  return scenario.needs.filter((need) => !client.has(need) && !server.has(need));
}
