import { readFile } from 'node:fs/promises';
import { transpileModule } from 'typescript';
import { afterEach, describe, expect, it } from 'vitest';
import { type FaultDefinition, listFaults } from './index.ts';
import { type Bench, bodyWith, event, startBench } from './testing/bench.ts';

const readme = await readFile(new URL('README.md', import.meta.url), 'utf8');

let bench: Bench | undefined;
afterEach(() => bench?.close());

describe('the README of the proxy', () => {
  it('names every fault of the catalogue, and no other', () => {
    const table = readme.slice(readme.indexOf('## Faults'), readme.indexOf('Ends are'));
    const named = [...table.matchAll(/`([a-z0-9-]+)`/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(
      listFaults()
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('shows a new fault that works', async () => {
    const example = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].at(-1)?.[1] ?? '';
    const { outputText } = transpileModule(example, { compilerOptions: { target: 9, module: 99 } });
    const url = `data:text/javascript,${encodeURIComponent(outputText)}`;
    const { stutter } = (await import(/* @vite-ignore */ url)) as {
      stutter: FaultDefinition<{ every?: number }>;
    };
    bench = await startBench();
    const fault = bench.proxy.armCustom(stutter, { every: 2 });
    const client = await bench.stream();
    bench.write([1, 2, 3, 4, 5].map(event).join(''));
    expect(await bodyWith(client, 'event 5')).toBe([1, 2, 2, 3, 4, 4, 5].map(event).join(''));
    expect(fault.evidence.map(({ id }) => id)).toEqual(['2', '4']);
  });
});
