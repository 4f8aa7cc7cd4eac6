import { describe, expect, it } from 'vitest';
import { createEventStream } from './event-stream.ts';
import { createMemoryLog } from './memory-log.ts';
import type { ReplayLog } from './replay-log.ts';

/** A log that opens when told, and says what is done with it. */
function reporting() {
  const steps: string[] = [];
  let opened: () => void = () => undefined;
  const opening = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const inner = createMemoryLog();
  const log: ReplayLog = {
    open: async (host) => {
      steps.push('open');
      await opening;
      await inner.open(host);
      steps.push('opened');
    },
    bounds: () => inner.bounds(),
    append: (draft) => inner.append(draft),
    read: (after, limit) => inner.read(after, limit),
    refresh: () => inner.refresh(),
    end: () => inner.end(),
    close: () => {
      steps.push('close');
      return inner.close();
    },
  };
  return { log, steps, opened };
}

describe('closing a stream', () => {
  it('whose log is still opening lets it open first: what came after would stay open for ever', async () => {
    const { log, steps, opened } = reporting();
    const stream = createEventStream({ log });
    const publishing = stream.publish('tick', 1).catch((error: unknown) => error);
    const closing = stream.close();
    opened();
    await closing;
    await publishing;
    expect(steps).toEqual(['open', 'opened', 'close']);
  });

  it('that nobody used leaves its log unopened, also for those who publish later', async () => {
    const { log, steps } = reporting();
    const stream = createEventStream({ log });
    await stream.close();
    await expect(stream.publish('tick', 1)).rejects.toMatchObject({ code: 'ERR_LOG_CLOSED' });
    await expect(stream.open()).rejects.toMatchObject({ code: 'ERR_LOG_CLOSED' });
    expect(steps).toEqual(['close']);
  });
});
