import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const INDEX = `${import.meta.dirname}/index.ts`;

/** What the size check of package.json imports for "everything but tab sharing and IndexedDB". */
function measured(): string[] {
  const { 'size-limit': checks } = JSON.parse(
    readFileSync(`${import.meta.dirname}/../../package.json`, 'utf8'),
  ) as { 'size-limit': Array<{ name: string; import: string }> };
  const check = checks.find(({ name }) => name.startsWith('everything'));
  return check?.import.match(/\w+/g) ?? [];
}

async function bundle(entry: { contents: string } | null) {
  const { metafile } = await build({
    ...(entry
      ? { stdin: { ...entry, resolveDir: import.meta.dirname, loader: 'ts' } }
      : { entryPoints: [INDEX] }),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    outdir: 'out',
    metafile: true,
  });
  const [output] = Object.values(metafile.outputs);
  return output ?? { exports: [], inputs: {} };
}

describe('the size check', () => {
  it('measures everything that `/client` exports, but for IndexedDB', async () => {
    const { exports } = await bundle(null);
    expect(measured().toSorted()).toEqual(
      exports.filter((name) => name !== 'indexedDbCursorStore').toSorted(),
    );
  });

  it('measures a bundle without IndexedDB, tab sharing and dependencies', async () => {
    const { inputs } = await bundle({ contents: `export { ${measured()} } from './index.ts'` });
    const files = Object.entries(inputs).flatMap(([file, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [file] : [],
    );
    expect(files.join()).toContain('client/delivery');
    expect(files.filter((file) => /indexed-db|\/tabs\/|node_modules/.test(file))).toEqual([]);
  });
});
