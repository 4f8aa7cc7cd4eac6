import type { Frame } from '../sse/frame.ts';
import type { Evidence, FaultContext, FaultHooks, Next } from '../types.ts';

/**
 * Hooks of a fault that does something to whole events. `act` gets an event that was claimed and must pass on what is
 * to be seen of it; `null` says that nothing came of it. Everything else passes.
 */
export function onEvents(
  context: FaultContext,
  act: (frame: Frame, next: Next<Frame | Buffer>) => Promise<Evidence | null>,
): FaultHooks {
  return {
    onFrame: async (frame, next) => {
      if (frame.kind !== 'event' || !context.claim()) return next(frame);
      const evidence = await act(frame, next);
      if (evidence) context.fire({ id: frame.id, ...evidence });
      return true;
    },
  };
}
