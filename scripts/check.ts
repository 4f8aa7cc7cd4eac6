/**
 * `npm test`: runs every check with a line per step, goes on after a failure so that one run shows all of them, and
 * leaves `reports/checks.json` for CI. `npm test -- lint unit` runs only the named steps.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CHECKS_REPORT, REPORTS, STEPS, type Step, UNIT_REPORT } from './checks/steps.ts';

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly countsItself: boolean;
}

const bin = path.resolve('node_modules/.bin');

function run(step: Step): Promise<{ ok: boolean; output: string }> {
  const [command, ...args] = step.command;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', step.live ? 'inherit' : 'pipe', step.live ? 'inherit' : 'pipe'],
      env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

function choose(names: readonly string[]): readonly Step[] {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`no such check: ${unknown.join(', ')}. There are: ${STEPS.map((s) => s.name).join(', ')}`);
    process.exit(2);
  }
  return names.length === 0 ? STEPS : STEPS.filter((step) => names.includes(step.name));
}

const steps = choose(process.argv.slice(2));
mkdirSync(REPORTS, { recursive: true });
for (const stale of [CHECKS_REPORT, UNIT_REPORT]) rmSync(stale, { force: true });

const outcomes: Outcome[] = [];
for (const step of steps) {
  if (step.live) console.log(`▸ ${step.name}: ${step.claim}`);
  const started = performance.now();
  const { ok, output } = await run(step);
  const ms = Math.round(performance.now() - started);
  outcomes.push({ name: step.name, ok, ms, countsItself: step.countsItself ?? false });
  console.log(`${ok ? '✓' : '✗'} ${step.name}: ${step.claim} (${(ms / 1000).toFixed(1)} s)`);
  if (!ok && output !== '') console.log(output.trimEnd().replace(/^/gm, '    '));
  // Written after each step: a run that is killed still shows how far it came.
  writeFileSync(CHECKS_REPORT, JSON.stringify(outcomes, null, 2));
}

const failed = outcomes.filter((outcome) => !outcome.ok);
const total = outcomes.reduce((sum, outcome) => sum + outcome.ms, 0);
console.log(
  failed.length === 0
    ? `\nAll ${outcomes.length} checks are green (${Math.round(total / 1000)} s).`
    : `\n${failed.length} of ${outcomes.length} checks failed: ${failed.map((outcome) => outcome.name).join(', ')}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
