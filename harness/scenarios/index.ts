import { connectScenarios } from './connect/index.ts';
import { dedupeScenarios } from './dedupe/index.ts';
import sigkillMemory from './deploy/sigkill-memory.ts';
import { disconnectScenarios } from './disconnect/index.ts';
import { livenessScenarios } from './liveness/index.ts';
import { malformedScenarios } from './malformed/index.ts';
import { orderScenarios } from './order/index.ts';
import { resumeScenarios } from './resume/index.ts';
import type { Scenario } from './scenario.ts';

export { EVERY_SERVER, type Scenario, scenario } from './scenario.ts';

/** Every scenario there is, sorted by id: the catalogue that `--list` prints. */
export const scenarios: readonly Scenario[] = [
  ...connectScenarios,
  ...disconnectScenarios,
  ...dedupeScenarios,
  ...malformedScenarios,
  ...orderScenarios,
  ...livenessScenarios,
  ...resumeScenarios,
  sigkillMemory,
].toSorted((a, b) => (a.id < b.id ? -1 : 1));
