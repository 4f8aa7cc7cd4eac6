import baseline from './connect/baseline.ts';
import refusedThenUp from './connect/refused-then-up.ts';
import duplicate from './dedupe/duplicate.ts';
import sigkillMemory from './deploy/sigkill-memory.ts';
import beforeFirstEvent from './disconnect/before-first-event.ts';
import finMidEvent from './disconnect/fin-mid-event.ts';
import trueRst from './disconnect/true-rst.ts';
import truncateEveryN from './disconnect/truncate-every-n.ts';
import halfOpen from './liveness/half-open.ts';
import shortStall from './liveness/short-stall.ts';
import jitter from './order/jitter.ts';
import crashBeforeCommit from './resume/crash-before-commit.ts';
import evicted from './resume/evicted.ts';
import insideBuffer from './resume/inside-buffer.ts';
import type { Scenario } from './scenario.ts';

export { type Scenario, scenario } from './scenario.ts';

/** Every scenario there is, sorted by id: the catalogue that `--list` prints. */
export const scenarios: readonly Scenario[] = [
  baseline,
  crashBeforeCommit,
  duplicate,
  refusedThenUp,
  beforeFirstEvent,
  finMidEvent,
  trueRst,
  truncateEveryN,
  sigkillMemory,
  halfOpen,
  shortStall,
  jitter,
  evicted,
  insideBuffer,
].toSorted((a, b) => (a.id < b.id ? -1 : 1));
