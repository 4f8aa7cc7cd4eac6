/**
 * `npm run setup`: gets what the suite needs and is not there yet, with a line per step. Safe to repeat.
 *
 *   --with-services   also Redis, nginx, HAProxy and promtool, for the tests of single features
 *   --dry-run         only says what would be done
 */
import { parseArgs } from 'node:util';
import { gatherFacts } from './setup/facts.ts';
import { plan } from './setup/plan.ts';
import { performer, runStep } from './setup/run.ts';

const { values } = parseArgs({
  options: {
    'with-services': { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
  },
});

const steps = plan(await gatherFacts(), { withServices: values['with-services'] });

if (values['dry-run']) {
  for (const step of steps) {
    const what =
      step.kind === 'install' ? `install by ${step.tries.map((t) => t.do).join(', else ')}` : step.detail;
    console.log(`${step.kind.padEnd(8)} ${step.title}: ${what}`);
  }
} else {
  const perform = performer();
  let failed = false;
  for (const step of steps) {
    const result = await runStep(step, perform);
    const bad = result.state === 'missing' && result.required;
    failed ||= bad;
    const mark = bad ? '✗' : result.state === 'missing' ? '–' : '✓';
    console.log(`${mark} ${result.title}: ${result.state}, ${result.detail}`);
  }
  if (failed) console.error('\nSetup is incomplete: see the lines marked ✗.');
  process.exitCode = failed ? 1 : 0;
}
