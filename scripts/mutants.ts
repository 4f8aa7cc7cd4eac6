/**
 * `npm run mutants`: switches each deliberate bug of harness/mutants into a copy of the kit, runs the scenarios that
 * should catch it, and writes docs/mutants.md and docs/mutants.json (shown by the report). Takes some ten minutes.
 *
 *   npm run mutants -- skip-dedupe no-open-id    only these; prints, writes no table
 *   --seed <n>  --patience <ms>  --concurrency <1|2>
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Outcome } from '../harness/cli/outcome.ts';
import { mutants } from '../harness/mutants/mutants.ts';
import { convict, wantsConfirmation } from './mutants/conviction.ts';
import { type Met, renderTable, reported } from './mutants/table.ts';
import { openWorkshop, type Workshop } from './mutants/workshop.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '20261122' },
    patience: { type: 'string', default: '10000' },
    concurrency: { type: 'string', default: '2' },
  },
});
const unknown = positionals.filter((id) => !mutants.some((mutant) => mutant.id === id));
if (unknown.length > 0) throw new Error(`no such mutant: ${unknown.join(', ')}`);

const chosen = positionals.length === 0 ? mutants : mutants.filter(({ id }) => positionals.includes(id));
const seed = Number(values.seed);
const startedAt = Date.now();
const workshops = Array.from({ length: Number(values.concurrency) }, () =>
  openWorkshop({ seed, patienceMs: Number(values.patience) }),
);
let met: readonly Met[];
try {
  const wanted = [...new Set(chosen.flatMap(({ scenarios }) => scenarios))];
  console.log(`${wanted.length} scenarios without a bug …`);
  const baseline = new Map<string, Outcome>();
  await each(chunks(wanted, 5), async (workshop, ids) => {
    for (const outcome of await workshop.run(ids)) baseline.set(outcome.id, outcome);
  });
  for (const outcome of baseline.values()) {
    if (outcome.verdict !== true) console.log(`not true without a bug: ${JSON.stringify(outcome)}`);
  }
  const done = new Map<string, Met>();
  await each(chosen, async (workshop, mutant) => {
    const outcomes = [...(await workshop.run(mutant.scenarios, mutant))];
    const doubtful = outcomes.filter(wantsConfirmation).map(({ id }) => id);
    // A second try that is true acquits.
    const again = doubtful.length > 0 ? await workshop.run(doubtful, mutant) : [];
    const last = outcomes.map((outcome) => again.find(({ id }) => id === outcome.id) ?? outcome);
    const convictions = last.map((outcome) => convict(baseline.get(outcome.id), outcome));
    done.set(mutant.id, { mutant, convictions });
    const caught = convictions.filter(({ kind }) => kind === 'caught');
    console.log(
      `[${done.size}/${chosen.length}] ${caught.length > 0 ? 'caught  ' : 'SURVIVED'} ${mutant.id}`,
    );
    for (const { kind, by, ...more } of convictions) console.log(`    ${kind} ${by} ${Object.values(more)}`);
  });
  met = chosen.flatMap(({ id }) => done.get(id) ?? []);
} finally {
  for (const workshop of workshops) workshop.dispose();
}

const survivors = reported(met).filter(({ caughtBy }) => caughtBy.length === 0);
const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
console.log(`${met.length - survivors.length} of ${met.length} caught in ${minutes} min`);
if (positionals.length === 0) {
  const facts = { date: new Date().toISOString().slice(0, 10), seed, node: process.versions.node };
  writeFileSync('docs/mutants.md', renderTable(met, facts));
  writeFileSync('docs/mutants.json', `${JSON.stringify(reported(met), null, 2)}\n`);
}
process.exitCode = survivors.length > 0 ? 1 : 0;

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

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return items.length === 0 ? [] : [items.slice(0, size), ...chunks(items.slice(size), size)];
}
