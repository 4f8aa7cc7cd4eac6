import type { Scenario } from '../scenario.ts';
import caps from './caps.ts';
import frozenAmong50 from './frozen-among-50.ts';
import oversizedEvent from './oversized-event.ts';
import retryZero from './retry-0.ts';
import retryHuge from './retry-huge.ts';
import slowConsumer from './slow-consumer.ts';
import storm100 from './storm-100.ts';

/** Everything in the group `overload`. */
export const overloadScenarios: readonly Scenario[] = [
  caps,
  frozenAmong50,
  oversizedEvent,
  retryHuge,
  retryZero,
  slowConsumer,
  storm100,
];
