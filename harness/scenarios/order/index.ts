import type { Scenario } from '../scenario.ts';
import jitter from './jitter.ts';
import silentHole from './silent-hole.ts';
import swap from './swap.ts';
import twoStreams from './two-streams.ts';

/** Everything in the group `order`. */
export const orderScenarios: readonly Scenario[] = [jitter, silentHole, swap, twoStreams];
