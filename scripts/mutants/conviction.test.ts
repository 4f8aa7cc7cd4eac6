import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../harness/cli/outcome.ts';
import { mutants } from '../../harness/mutants/mutants.ts';
import { convict, wantsConfirmation } from './conviction.ts';
import { entryOf, merge, renderTable } from './table.ts';

const id = 'dedupe/duplicate';
const ran = (
  verdict: true | false | 'unknown',
  complaints: readonly string[] = [],
  error?: string,
): Outcome => ({
  id,
  server: 'express',
  verdict,
  durationMs: 1,
  dir: '/tmp',
  complaints: complaints.map((check) => ({ check, summary: 'why' })),
  ...(error === undefined ? {} : { error }),
});

describe('a mutant is caught', () => {
  it('by a scenario that is true without it and false with it', () => {
    expect(convict(ran(true), ran(false, ['duplicates']))).toEqual({
      kind: 'caught',
      by: id,
      how: 'duplicates: why',
    });
  });

  it('by a scenario that waits in vain for what the client should have done', () => {
    const outcome = ran('unknown', [], 'waited 10 ms in vain until kit/node opened (1)');
    expect(convict(ran(true), outcome).kind).toBe('caught');
  });

  it('never by a scenario that is not true without it, was not run, or was skipped', () => {
    expect(convict(ran(false, ['loss']), ran(false, ['loss'])).kind).toBe('mute');
    expect(convict(ran('unknown'), ran(false, ['loss'])).kind).toBe('mute');
    expect(convict(undefined, ran(false, ['loss'])).kind).toBe('mute');
    const skipped = { id, server: 'express', verdict: 'skipped', reason: 'no redis' } as const;
    expect(convict(ran(true), skipped)).toEqual({ kind: 'mute', by: id, why: 'no redis' });
  });

  it('never by a server that did not start', () => {
    expect(convict(ran(true), ran('unknown', [], 'server express ended with 1')).kind).toBe('mute');
  });

  it('not by a scenario that is true with it', () => {
    expect(convict(ran(true), ran(true)).kind).toBe('passed');
  });

  it('only after a second try, where a loaded machine could be to blame', () => {
    expect(wantsConfirmation(ran(false, ['heal', 'attempts']))).toBe(true);
    expect(wantsConfirmation(ran('unknown'))).toBe(true);
    expect(wantsConfirmation(ran(false, ['heal', 'loss']))).toBe(false);
    expect(wantsConfirmation(ran(true))).toBe(false);
  });
});

describe('the table', () => {
  const [first, second] = mutants.slice(0, 2);
  if (!first || !second) throw new Error('there are no mutants');
  const caught = entryOf(first, [{ kind: 'caught', by: id, how: 'loss: |' }], '2026-11-22', 7);
  const survivor = entryOf(second, [{ kind: 'passed', by: id }], '2026-11-22', 7);

  it('shows who caught what, and survivors with what was tried', () => {
    const text = renderTable([caught, survivor]);
    expect(text).toContain('1 of 2 caught');
    expect(text).toContain(`| \`${first.id}\` | ${first.description} | \`${id}\` | loss: \\| |`);
    expect(text).toContain(`| **survived** | ${id} is true |`);
  });

  it('puts new lines in the place of old ones and drops those of mutants that are gone', () => {
    const gone = { ...survivor, mutant: 'gone' };
    const old = { ...caught, caughtBy: [] };
    expect(merge(mutants, [old, gone, survivor], [caught])).toEqual([caught, survivor]);
  });
});
