import type { HistoryRecord, Sample } from '../../history/types.ts';
import { fail, few, notApplied, pass, plural, undecided, unless } from '../results.ts';
import type { Checker } from '../types.ts';
import { viewOf } from '../view.ts';
import { decodeWire } from '../wire.ts';

/** The sample that a server may write instead of `connection` records: how many streams are open. */
export const CONNECTIONS_SAMPLE = 'server.connections';

/** P6: when every subject has closed, no connection is left open. One that is idle belongs to the client's pool. */
export const leaks: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const allClosed = view.subjects.length > 0 && view.subjects.every((s) => s.closedAt !== null);
  if (!allClosed) return notApplied('not every subject closed for good');
  const budget = expectation.budget?.connectionsAtEnd ?? 0;
  const open = new Map<string, HistoryRecord>();
  let seen = 0;
  for (const record of view.records) {
    if (record.kind !== 'connection') continue;
    seen++;
    if (record.phase === 'opened') open.set(record.connection, record);
    else open.delete(record.connection);
  }
  const lastWire = new Map<string, HistoryRecord>();
  for (const record of view.records) {
    if (record.kind === 'wire') lastWire.set(`${record.tap}\n${record.connection}`, record);
  }
  const onWire = decodeWire(view.records).filter((c) => c.downEnd === null && c.upEnd === null && !c.idle);
  const samples = view.records.filter(
    (r): r is Sample => r.kind === 'sample' && r.name === CONNECTIONS_SAMPLE,
  );
  const left = Math.max(open.size, onWire.length, samples.at(-1)?.value ?? 0);
  const counts = { left, budget };
  if (seen === 0 && lastWire.size === 0 && samples.length === 0) {
    return notApplied('nobody recorded connections', counts);
  }
  if (left <= budget) return pass(`${plural(left, 'connection')} left at the end`, counts);
  const wireRecords = onWire.flatMap((c) => lastWire.get(`${c.tap}\n${c.connection}`) ?? []);
  const bySample = (samples.at(-1)?.value ?? 0) > budget ? samples.slice(-1) : [];
  return fail(
    `${plural(left, 'connection')} still open after everyone left, budget ${budget}`,
    [...open.values(), ...wireRecords, ...bySample],
    counts,
  );
};

/** P6: sampled memory stays below its budget; a budget without samples is undecided. */
export const memory: Checker = (history, expectation) => {
  const budgets = Object.entries(expectation.budget?.memory ?? {});
  if (budgets.length === 0) return notApplied('no memory budget');
  const view = viewOf(history, expectation);
  const firstFault = view.records.find((r) => r.kind === 'fault' && r.phase === 'fired')?.at;
  const offences: Sample[] = [];
  const texts: string[] = [];
  const counts: Record<string, number> = {};
  const missing: string[] = [];
  for (const [name, { maxBytes, maxGrowthBytes }] of budgets) {
    const samples = view.records.filter((r): r is Sample => r.kind === 'sample' && r.name === name);
    const [first] = samples;
    if (!first) {
      missing.push(name);
      continue;
    }
    const calm = firstFault === undefined ? undefined : samples.findLast((s) => s.at <= firstFault);
    const base = calm ?? first;
    const peak = samples.reduce((a, b) => (b.value > a.value ? b : a));
    const growth = peak.value - base.value;
    counts[`${name}.peak`] = peak.value;
    counts[`${name}.growth`] = growth;
    const tooHigh = maxBytes !== undefined && peak.value > maxBytes;
    const grewTooMuch = maxGrowthBytes !== undefined && growth > maxGrowthBytes;
    if (tooHigh || grewTooMuch) {
      offences.push(base, peak);
      texts.push(`${name} peaked at ${mib(peak.value)}, ${mib(growth)} over its base`);
    }
  }
  if (offences.length === 0 && missing.length > 0)
    return undecided(`no samples of ${few(missing)}`, [], counts);
  return unless(offences, { ok: 'memory within its budget', bad: texts.join('; ') }, counts);
};

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
