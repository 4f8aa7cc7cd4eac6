import type { Fault, HistoryRecord } from '../../history/types.ts';
import { fail, few, notApplied, pass, plural, undecided, unless } from '../results.ts';
import type { Checker } from '../types.ts';
import { viewOf } from '../view.ts';

/** A planned fault that did not fire, or left no evidence, decides nothing: the run is unknown, never a pass. */
export const faultProven: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const byName = new Map<string, Fault[]>();
  for (const record of view.records) {
    if (record.kind === 'fault') byName.set(record.fault, [...(byName.get(record.fault) ?? []), record]);
  }
  for (const name of expectation.faults ?? []) if (!byName.has(name)) byName.set(name, []);
  if (byName.size === 0) return notApplied('no faults planned');
  const unproven = [...byName].filter(([, life]) => !life.some(isProven));
  const counts = { faults: byName.size, proven: byName.size - unproven.length };
  if (unproven.length === 0) return pass(`${plural(byName.size, 'fault')} fired and proven`, counts);
  const why = unproven.map(([name, life]) => {
    if (life.length === 0) return `${name} was never planned`;
    return life.some((f) => f.phase === 'fired') ? `${name} left no evidence` : `${name} never fired`;
  });
  return undecided(
    few(why),
    unproven.flatMap(([, life]) => life),
    counts,
  );
};

function isProven(fault: Fault): boolean {
  return fault.phase === 'fired' && fault.evidence !== undefined && Object.keys(fault.evidence).length > 0;
}

/** The run was waited for: each subject processed the sentinel of each of its streams. */
export const sentinel: Checker = (history, expectation) => {
  if (expectation.sentinel === false) return notApplied('no sentinel in this scenario');
  const view = viewOf(history, expectation);
  const sentinels = view.records.filter((r) => r.kind === 'produced' && r.sentinel === true);
  if (sentinels.length === 0) return undecided('the run ended before its sentinel was published');
  const missing: HistoryRecord[] = [];
  const waiting: string[] = [];
  let seen = 0;
  for (const subject of view.subjects) {
    for (const mark of sentinels) {
      if (mark.kind !== 'produced') continue;
      if (!subject.streams.includes(mark.stream)) continue;
      const got = subject.records.some(
        (r) => r.kind === 'processed' && r.stream === mark.stream && r.id === mark.id,
      );
      if (got) seen++;
      else {
        missing.push(mark, ...subject.records.slice(-3));
        waiting.push(subject.name);
      }
    }
  }
  const counts = { seen, missing: waiting.length };
  if (view.subjects.length === 0) return undecided('nobody took part', [], counts);
  return unless(
    missing,
    { ok: 'every subject saw the sentinel', bad: `sentinel never reached ${few(waiting)}` },
    counts,
  );
};

/** Giving up is for the scenarios that ask for it. */
export const giveUp: Checker = (history, expectation) => {
  const asked = expectation.giveUp ?? 'never';
  const view = viewOf(history, expectation);
  const records = view.subjects.flatMap((s) => s.records.filter((r) => r.kind === 'give-up'));
  const counts = { giveUps: records.length };
  if (asked === 'allowed') return notApplied(plural(records.length, 'give-up'), counts);
  if (asked === 'never') {
    const first = records[0];
    const reason = first?.kind === 'give-up' ? `${first.subject}: ${first.reason}` : '';
    return unless(records, { ok: 'nobody gave up', bad: `gave up: ${reason}` }, counts);
  }
  const stubborn = view.subjects.filter((s) => !s.records.some((r) => r.kind === 'give-up'));
  if (stubborn.length === 0) return pass('gave up, as it must', counts);
  const last = stubborn.flatMap((s) => s.records.slice(-4));
  return fail(`did not give up: ${few(stubborn.map((s) => s.name))}`, last, counts);
};
