import { describe, expect, it } from 'vitest';
import { nowMs } from './clock.ts';
import { createHistoryWatch } from './watch.ts';

const note = (text: string) => ({ at: nowMs(), kind: 'note', text }) as const;

describe('waiting for history', () => {
  it('resolves with the record that satisfies it, and passes every record on', async () => {
    const stored: string[] = [];
    const watch = createHistoryWatch((record) => stored.push(record.kind));
    const wait = watch.until('two notes', () => watch.records.length >= 2, 10_000);
    watch.add(note('one'));
    watch.add(note('two'));
    await wait;
    expect(stored).toEqual(['note', 'note']);
  });

  it('fails with the name of what never came', async () => {
    const watch = createHistoryWatch(() => undefined);
    await expect(watch.until('pigs fly', () => false, 5)).rejects.toThrow(
      'waited 5 ms in vain until pigs fly',
    );
  });

  it('looks again when poked, for conditions that are not in the history', async () => {
    const watch = createHistoryWatch(() => undefined);
    let bytes = 0;
    const wait = watch.settles(() => bytes > 0, 10_000);
    bytes = 1;
    watch.poke();
    expect(await wait).toBe(true);
  });
});
