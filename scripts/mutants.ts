/**
 * `npm run mutants`: switches each deliberate bug of harness/mutants into a copy of the kit, runs the scenarios that
 * should catch it until one does, and writes docs/mutants.json (shown by the report) and docs/mutants.md. Takes ten
 * minutes on an idle machine; what is known is written after each mutant.
 *
 *   npm run mutants -- skip-dedupe no-open-id    only these; the others' lines stay as they are
 *   --missing          only those that the table does not have, or that survived
 *   --thorough         all scenarios of a mutant, also after one has caught it
 *   --seed <n>  --patience <ms>  --concurrency <n>
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Outcome } from '../harness/cli/outcome.ts';
import type { Mutant } from '../harness/mutants/mutant.ts';
import { mutants } from '../harness/mutants/mutants.ts';
import { type Conviction, convict, wantsConfirmation } from './mutants/conviction.ts';
import { type Entry, entryOf, merge, renderTable } from './mutants/table.ts';
import { openWorkshop, type Workshop } from './mutants/workshop.ts';

const JSON_FILE = 'docs/mutants.json';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    missing: { type: 'boolean', default: false },
    thorough: { type: 'boolean', default: false },
    seed: { type: 'string', default: '20261122' },
    patience: { type: 'string', default: '10000' },
    concurrency: { type: 'string', default: '2' },
  },
});
const seed = Number(values.seed);
const before = existsSync(JSON_FILE) ? (JSON.parse(readFileSync(JSON_FILE, 'utf8')) as Entry[]) : [];
const chosen = choose();
const startedAt = Date.now();
const workshops = Array.from({ length: Number(values.concurrency) }, () =>
  openWorkshop({ seed, patienceMs: Number(values.patience) }),
);
const done: Entry[] = [];
try {
  const baseline = new Map<string, Promise<Outcome | undefined>>();
  await each(chosen, async (workshop, mutant) => {
    const convictions = await hunt(workshop, mutant, baseline);
    done.push(entryOf(mutant, convictions, new Date().toISOString().slice(0, 10), seed));
    const caught = convictions.some(({ kind }) => kind === 'caught');
    console.log(`[${done.length}/${chosen.length}] ${caught ? 'caught  ' : 'SURVIVED'} ${mutant.id}`);
    for (const { kind, by, ...more } of convictions) console.log(`    ${kind} ${by} ${Object.values(more)}`);
    const entries = merge(mutants, before, done);
    writeFileSync(JSON_FILE, `${JSON.stringify(entries, null, 2)}\n`);
    writeFileSync('docs/mutants.md', renderTable(entries));
  });
} finally {
  for (const workshop of workshops) workshop.dispose();
}
const survivors = done.filter(({ caughtBy }) => caughtBy.length === 0);
const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
console.log(`${done.length - survivors.length} of ${done.length} caught in ${minutes} min`);
process.exitCode = survivors.length > 0 ? 1 : 0;

function choose(): readonly Mutant[] {
  const unknown = positionals.filter((id) => !mutants.some((mutant) => mutant.id === id));
  if (unknown.length > 0) throw new Error(`no such mutant: ${unknown.join(', ')}`);
  const settled = new Set(before.flatMap(({ mutant, caughtBy }) => (caughtBy.length > 0 ? [mutant] : [])));
  return mutants.filter(({ id }) =>
    positionals.length > 0 ? positionals.includes(id) : !(values.missing && settled.has(id)),
  );
}

/** Runs the mutant's scenarios, likeliest first, each once in this run without the bug. */
async function hunt(
  workshop: Workshop,
  mutant: Mutant,
  baseline: Map<string, Promise<Outcome | undefined>>,
): Promise<readonly Conviction[]> {
  const convictions: Conviction[] = [];
  for (const id of mutant.scenarios) {
    let [outcome] = await workshop.run([id], mutant);
    // A second try that is true acquits.
    if (outcome && wantsConfirmation(outcome)) [outcome] = await workshop.run([id], mutant);
    if (!outcome) throw new Error(`${id} gave no outcome`);
    const clean = baseline.get(id) ?? workshop.run([id]).then(([first]) => first);
    baseline.set(id, clean);
    const conviction = convict(await clean, outcome);
    convictions.push(conviction);
    if (conviction.kind === 'caught' && !values.thorough) break;
  }
  return convictions;
}

/** Does the work with all workshops, each taking the next piece when it is free. */
async function each<T>(
  items: readonly T[],
  act: (workshop: Workshop, item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  await Promise.all(
    workshops.map(async (workshop) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await act(workshop, item);
    }),
  );
}
