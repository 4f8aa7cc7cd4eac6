import type { Scenario } from '../scenario.ts';
import baseline from './baseline.ts';
import refusedThenUp from './refused-then-up.ts';

/** Everything in the group `connect`. */
export const connectScenarios: readonly Scenario[] = [baseline, refusedThenUp];
