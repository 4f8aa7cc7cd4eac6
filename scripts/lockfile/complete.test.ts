import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completeLockfile, type Lockfile, missingEntries } from './complete.ts';

const lockfile: Lockfile = {
  packages: {
    '': {},
    'node_modules/tool': {
      version: '2.0.0',
      dev: true,
      optionalDependencies: {
        '@tool/linux-x64': '2.0.0',
        '@tool/darwin-arm64': '2.0.0',
        '@tool/linux-x64-musl': '2.0.0',
      },
    },
    'node_modules/@tool/linux-x64': { version: '2.0.0' },
  },
};

describe('the lockfile of this repository', () => {
  it('holds every optional package of every platform, so that npm ci takes it: else run npm run lockfile', () => {
    const own = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
    expect(missingEntries(own).map(({ path }) => path)).toEqual([]);
  });
});

describe('completing a lockfile', () => {
  it('adds what is missing with platform, version and role, and nothing else', () => {
    expect(missingEntries(lockfile)).toEqual([
      {
        path: 'node_modules/@tool/darwin-arm64',
        entry: { version: '2.0.0', dev: true, optional: true, os: ['darwin'], cpu: ['arm64'] },
      },
      {
        path: 'node_modules/@tool/linux-x64-musl',
        entry: { version: '2.0.0', dev: true, optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
      },
    ]);
    expect(missingEntries(completeLockfile(lockfile))).toEqual([]);
  });

  it('finds packages that are hoisted, and those that are nested', () => {
    const nested = { optionalDependencies: { opt: '1.0.0' } };
    const hoisted = { packages: { 'node_modules/a/node_modules/b': nested, 'node_modules/opt': {} } };
    const beside = { packages: { 'node_modules/a': nested, 'node_modules/a/node_modules/opt': {} } };
    expect(missingEntries(hoisted)).toEqual([]);
    expect(missingEntries(beside)).toEqual([]);
  });

  it('does not guess the version of a range', () => {
    const ranged = { packages: { 'node_modules/a': { optionalDependencies: { opt: '^1.0.0' } } } };
    expect(() => missingEntries(ranged)).toThrow('opt@^1.0.0');
  });
});
