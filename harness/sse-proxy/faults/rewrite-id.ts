import { withField } from '../sse/frame.ts';
import type { FaultContext, FaultHooks } from '../types.ts';
import { onEvents } from './on-events.ts';

/** Hooks that give events another id; `null` takes the `id:` line away. */
export function rewriteId(
  context: FaultContext,
  choose: (id: string | null) => string | Buffer | null,
): FaultHooks {
  return onEvents(context, async (frame, next) => {
    const id = choose(frame.id);
    const sent = await next(withField(frame, 'id', id));
    return sent ? { newId: id === null ? null : Buffer.from(id).toString('latin1').slice(0, 200) } : null;
  });
}
