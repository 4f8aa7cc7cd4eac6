import type { Scenario } from '../scenario.ts';
import beyondWindow from './beyond-window.ts';
import duplicate from './duplicate.ts';
import overlapReplay from './overlap-replay.ts';
import sameIdNewPayload from './same-id-new-payload.ts';

/** Everything in the group `dedupe`. */
export const dedupeScenarios: readonly Scenario[] = [
  beyondWindow,
  duplicate,
  overlapReplay,
  sameIdNewPayload,
];
