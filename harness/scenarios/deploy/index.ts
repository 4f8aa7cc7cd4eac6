import type { Scenario } from '../scenario.ts';
import maxAge from './max-age.ts';
import redisRestart from './redis-restart.ts';
import rollingTwoNodes from './rolling-two-nodes.ts';
import sigkillDurable from './sigkill-durable.ts';
import sigkillMemory from './sigkill-memory.ts';
import sigtermDrain from './sigterm-drain.ts';

/** Everything in the group `deploy`. */
export const deployScenarios: readonly Scenario[] = [
  maxAge,
  redisRestart,
  rollingTwoNodes,
  sigkillDurable,
  sigkillMemory,
  sigtermDrain,
];
