import { readFileSync } from 'node:fs';
import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { scenarios } from '../scenarios/index.ts';
import { applyMutant } from './mutant.ts';
import { mutants } from './mutants.ts';

describe('the table of mutants', () => {
  it('has at least the 25 that were promised, each with an id of its own', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(25);
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
  });

  it.each(mutants.map((mutant) => [mutant.id, mutant] as const))(
    '%s still fits the source and makes a program',
    async (_, mutant) => {
      const source = readFileSync(mutant.file, 'utf8');
      const mutated = applyMutant(mutant, source);
      expect(mutated).not.toBe(source);
      // Rejects with the syntax error; types are not looked at.
      expect((await transform(mutated, { loader: 'ts' })).code).not.toBe('');
    },
  );

  it('changes nothing but the kit', () => {
    expect(mutants.map(({ file }) => file).filter((file) => !/^kit\/(?!.*\.test\.ts$)/.test(file))).toEqual(
      [],
    );
  });

  it('names scenarios that exist', () => {
    const known = new Set(scenarios.map(({ id }) => id));
    const unknown = mutants.flatMap(({ id, scenarios: ids }) =>
      ids.filter((each) => !known.has(each)).map((each) => `${id}: ${each}`),
    );
    expect(unknown).toEqual([]);
    expect(mutants.filter(({ scenarios: ids }) => ids.length === 0)).toEqual([]);
  });

  it('refuses to apply a mutant whose text is gone or ambiguous', () => {
    const mutant = { id: 'x', description: '', file: 'kit/x.ts', find: 'a', replace: 'b', scenarios: [] };
    expect(applyMutant(mutant, 'a;')).toBe('b;');
    expect(() => applyMutant(mutant, ';')).toThrow('occurs 0 times in kit/x.ts');
    expect(() => applyMutant(mutant, 'a;a')).toThrow('occurs 2 times');
  });
});
