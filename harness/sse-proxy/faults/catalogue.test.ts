import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findFault, listFaults } from './index.ts';

const here = new URL('.', import.meta.url);
const helpers = ['index', 'on-events', 'rewrite-id'];

describe('the catalogue of faults', () => {
  it('lists every file of this folder under its own name', async () => {
    const files = (await readdir(here)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    const names = files.map((name) => name.replace(/\.ts$/, '')).filter((name) => !helpers.includes(name));
    expect(
      listFaults()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(names.sort());
  });

  it('finds each by the name it is armed with', () => {
    for (const { name } of listFaults()) expect(findFault(name)?.name).toBe(name);
  });

  it('is tested, each fault by name', async () => {
    const files = (await readdir(here)).filter(
      (name) => name.endsWith('.test.ts') && !name.startsWith('catalogue'),
    );
    const tests = (await Promise.all(files.map((name) => readFile(new URL(name, here), 'utf8')))).join('\n');
    const untested = listFaults().filter(({ name }) => !tests.includes(`name: '${name}'`));
    expect(untested.map(({ name }) => name)).toEqual([]);
  });

  it('says something about each', () => {
    for (const { summary } of listFaults()) expect(summary.length).toBeGreaterThan(10);
  });
});
