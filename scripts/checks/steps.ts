/** One check of `npm test`: a command that answers with its exit code. */
export interface Step {
  /** Stable name: `npm test -- <name> …` runs only the named ones. */
  readonly name: string;
  /** What holds when it is green. */
  readonly claim: string;
  readonly command: readonly [string, ...string[]];
  /** Its own output is worth reading while it runs; otherwise it is shown only on failure. */
  readonly live?: boolean;
  /** Its tests are counted one by one from its own report, so it is not counted as a check. */
  readonly countsItself?: boolean;
}

/** Where reports land, for CI to sum up. Not `test-results/`: Playwright empties that directory when it starts. */
export const REPORTS = 'reports';
export const UNIT_REPORT = `${REPORTS}/unit.json`;
/** Written by the json reporter in playwright.config.ts. */
export const E2E_REPORT = `${REPORTS}/e2e.json`;
export const CHECKS_REPORT = `${REPORTS}/checks.json`;

const tsx = (script: string, ...args: string[]): [string, ...string[]] => [
  'node',
  '--import',
  'tsx',
  script,
  ...args,
];

/** Cheapest first, so that a typo is told within seconds. `build` comes before the checks that read `dist/`. */
export const STEPS: readonly Step[] = [
  {
    name: 'lint',
    claim: 'formatted and free of lint',
    command: ['biome', 'check', '--error-on-warnings', '.'],
  },
  { name: 'types', claim: 'sources, tests and type tests compile', command: ['tsc', '--noEmit'] },
  {
    name: 'boundaries',
    claim: 'imports point the way docs/architecture.md says',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'kit', 'harness', 'fixtures', 'e2e'],
  },
  { name: 'dead-code', claim: 'every export, file and dependency is used', command: ['knip'] },
  {
    name: 'unit',
    claim: 'unit and integration tests',
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${UNIT_REPORT}`],
    live: true,
    countsItself: true,
  },
  { name: 'build', claim: 'dist/ builds from nothing', command: tsx('scripts/build.ts') },
  { name: 'publint', claim: 'package.json is fit to publish', command: ['publint', '--strict'] },
  {
    name: 'attw',
    claim: 'types resolve for every entry',
    command: ['attw', '--pack', '.', '--profile', 'esm-only', '--format', 'ascii'],
  },
  { name: 'size', claim: 'the client bundle is within its limits', command: ['size-limit'], live: true },
  {
    name: 'pack',
    claim: 'every entry of the packed package can be imported',
    command: tsx('scripts/pack-check.ts'),
    live: true,
  },
];
