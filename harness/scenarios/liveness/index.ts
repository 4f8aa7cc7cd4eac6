import type { Scenario } from '../scenario.ts';
import halfOpen from './half-open.ts';
import heartbeatJitter from './heartbeat-jitter.ts';
import heartbeatsOnly from './heartbeats-only.ts';
import quietStream from './quiet-stream.ts';
import shortStall from './short-stall.ts';
import sleepWake from './sleep-wake.ts';
import tailLoss from './tail-loss.ts';
import trickle from './trickle.ts';

/** Everything in the group `liveness`. */
export const livenessScenarios: readonly Scenario[] = [
  halfOpen,
  heartbeatJitter,
  heartbeatsOnly,
  quietStream,
  shortStall,
  sleepWake,
  tailLoss,
  trickle,
];
