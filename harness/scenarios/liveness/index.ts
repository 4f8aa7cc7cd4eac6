import type { Scenario } from '../scenario.ts';
import halfOpen from './half-open.ts';
import heartbeatJitter from './heartbeat-jitter.ts';
import heartbeatsOnly from './heartbeats-only.ts';
import shortStall from './short-stall.ts';
import tailLoss from './tail-loss.ts';
import trickle from './trickle.ts';

/** Everything in the group `liveness`. */
export const livenessScenarios: readonly Scenario[] = [
  halfOpen,
  heartbeatJitter,
  heartbeatsOnly,
  shortStall,
  tailLoss,
  trickle,
];
