/** When one connection ends, and what `retry:` it is told. Milliseconds from the start of the drain. */
export interface DrainStep {
  readonly endAfterMs: number;
  readonly retryMs: number;
}

/** A drain: the steps, and over how long the clients come back. */
export interface DrainPlan {
  readonly steps: readonly DrainStep[];
  readonly returnWindowMs: number;
}

export interface DrainShape {
  readonly connections: number;
  /** Time over which responses are ended. */
  readonly endWindowMs: number;
  /** Connections per second that whoever takes over should see at most. */
  readonly acceptPerSecond: number;
  /** Earliest return after the own response ended. */
  readonly minRetryMs: number;
  /** Source of [0, 1). */
  readonly random: () => number;
}

/**
 * Spreads the ends of N connections evenly over a window and their returns over N / acceptPerSecond: connection i comes
 * back in the i-th slot of the return window, at a random place within the slot. Clients obey `retry:` exactly (browsers
 * add no jitter), so the slots are what the next server sees.
 */
export function planDrain(shape: DrainShape): DrainPlan {
  const { connections, endWindowMs, acceptPerSecond, minRetryMs, random } = shape;
  const slotMs = 1000 / acceptPerSecond;
  const steps = Array.from({ length: connections }, (_, index) => {
    const endAfterMs = connections === 1 ? 0 : (endWindowMs * index) / connections;
    const returnMs = minRetryMs + (index + random()) * slotMs;
    return { endAfterMs, retryMs: Math.round(Math.max(minRetryMs, returnMs - endAfterMs)) };
  });
  return { steps, returnWindowMs: Math.max(connections * slotMs, endWindowMs) };
}
