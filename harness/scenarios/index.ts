import { connectScenarios } from './connect/index.ts';
import { dedupeScenarios } from './dedupe/index.ts';
import sigkillMemory from './deploy/sigkill-memory.ts';
import { disconnectScenarios } from './disconnect/index.ts';
import halfOpen from './liveness/half-open.ts';
import shortStall from './liveness/short-stall.ts';
import { orderScenarios } from './order/index.ts';
import crashBeforeCommit from './resume/crash-before-commit.ts';
import evicted from './resume/evicted.ts';
import insideBuffer from './resume/inside-buffer.ts';
import type { Scenario } from './scenario.ts';

export { type Scenario, scenario } from './scenario.ts';

/** Every scenario there is, sorted by id: the catalogue that `--list` prints. */
export const scenarios: readonly Scenario[] = [
  ...connectScenarios,
  ...disconnectScenarios,
  ...dedupeScenarios,
  ...orderScenarios,
  crashBeforeCommit,
  sigkillMemory,
  halfOpen,
  shortStall,
  evicted,
  insideBuffer,
].toSorted((a, b) => (a.id < b.id ? -1 : 1));
