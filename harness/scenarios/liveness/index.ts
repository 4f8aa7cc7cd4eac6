import type { Scenario } from '../scenario.ts';
import halfOpen from './half-open.ts';
import shortStall from './short-stall.ts';

/** Everything in the group `liveness`. */
export const livenessScenarios: readonly Scenario[] = [halfOpen, shortStall];
