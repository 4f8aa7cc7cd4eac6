import { browserScenarios } from './browser/index.ts';
import { connectScenarios } from './connect/index.ts';
import { dedupeScenarios } from './dedupe/index.ts';
import { deployScenarios } from './deploy/index.ts';
import { disconnectScenarios } from './disconnect/index.ts';
import { livenessScenarios } from './liveness/index.ts';
import { malformedScenarios } from './malformed/index.ts';
import { orderScenarios } from './order/index.ts';
import { overloadScenarios } from './overload/index.ts';
import { proxyScenarios } from './proxy/index.ts';
import { resumeScenarios } from './resume/index.ts';
import type { Scenario } from './scenario.ts';
import { securityScenarios } from './security/index.ts';

export { EVERY_SERVER, type Scenario, scenario } from './scenario.ts';

/** Every scenario there is, sorted by id: the catalogue that `--list` prints. */
export const scenarios: readonly Scenario[] = [
  ...connectScenarios,
  ...disconnectScenarios,
  ...dedupeScenarios,
  ...malformedScenarios,
  ...orderScenarios,
  ...browserScenarios,
  ...livenessScenarios,
  ...resumeScenarios,
  ...deployScenarios,
  ...overloadScenarios,
  ...proxyScenarios,
  ...securityScenarios,
].toSorted((a, b) => (a.id < b.id ? -1 : 1));
