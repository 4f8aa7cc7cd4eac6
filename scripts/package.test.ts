import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [[name, target] as const],
);

/** The source that `tsc -p tsconfig.build.json` turns into this file. */
function source(built: string): string {
  return built.replace('./dist/', '').replace(/\.js$/, '.ts');
}

describe('package.json', () => {
  it.each(entries)('exports %s from a source that exists, types beside code', (_, target) => {
    expect(existsSync(source(target.default)), source(target.default)).toBe(true);
    expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'));
  });

  it.each(Object.entries(manifest.bin ?? {}))('offers %s as a program that a shell can start', (_, file) => {
    expect(readFileSync(source(file), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('demands nothing of users that they may not need: every peer is optional, and tested here', () => {
    for (const peer of Object.keys(manifest.peerDependencies)) {
      expect(manifest.peerDependenciesMeta[peer], peer).toEqual({ optional: true });
      expect(manifest.devDependencies, peer).toHaveProperty([peer]);
    }
  });

  it('pins Playwright to the version that drives stock Firefox', () => {
    expect(manifest.devDependencies['@playwright/test']).toBe('1.64.1');
  });
});
