import type { StreamEndpoint } from '../server/index.ts';
import { assertDrainMs } from '../server/options.ts';

/** What ends with the process. */
export interface ShutdownOptions {
  /** The listening server; `close()` is called once the drain has begun. */
  readonly server: { close(callback?: (error?: Error) => void): unknown };
  /** The streams or hubs behind it. */
  readonly endpoints: readonly Pick<StreamEndpoint, 'drain'>[];
  /** Time for the drain, milliseconds; default 10,000. Keep it below the orchestrator's grace period. */
  readonly withinMs?: number;
  /** Default `['SIGTERM', 'SIGINT']`. */
  readonly signals?: readonly NodeJS.Signals[];
  /** Called when streams are drained and the server is closed; for example to exit. */
  readonly onClosed?: (signal: NodeJS.Signals) => void;
}

/**
 * Ends streams in good order on SIGTERM: clients are told when to come back, new requests get 503, and `server.close()`
 * finishes because nothing is left open. The process then ends by itself when nothing else keeps it.
 * @returns a function that takes the signal handlers off again.
 * @throws SseKitError `ERR_INVALID_OPTION`
 */
export function shutdownOnSignal(options: ShutdownOptions): () => void {
  const { server, endpoints, withinMs = 10_000, signals = ['SIGTERM', 'SIGINT'], onClosed } = options;
  assertDrainMs(withinMs);
  let begun = false;
  const shutdown = async (signal: NodeJS.Signals) => {
    if (begun) return;
    begun = true;
    const drained = Promise.all(endpoints.map((endpoint) => endpoint.drain({ withinMs })));
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await drained;
    await closed;
    remove();
    onClosed?.(signal);
  };
  const handlers = signals.map((signal) => [signal, () => void shutdown(signal)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  const remove = () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
  return remove;
}
