import type { ScenarioResult } from '../../harness/report/types.ts';

/** What of a scenario's result says where it ran. */
export type Ran = Pick<
  ScenarioResult,
  'verdict' | 'engine' | 'browser' | 'subject' | 'server' | 'absentReason'
>;

/**
 * Says which engine and which browsers a run used, from what the scenarios recorded themselves (not from what was
 * planned), a line each.
 */
export function describeRun(results: readonly Ran[]): readonly string[] {
  const ran = results.filter((result) => result.verdict !== 'absent');
  if (ran.length === 0) return ['No scenario left a result: no engine and no browser is proven to have run.'];
  return [
    ...tally('Engine', ran, ({ engine }) => [engine.name, engine.version, from(engine.source)]),
    ...tally(
      'Browser',
      ran.filter(({ browser }) => browser),
      ({ browser }) => [browser?.name, browser?.version],
    ),
    ...tally('Subject', ran, ({ subject, server }) => [subject, 'on', server]),
    ...tally(
      'Absent',
      results.filter(({ verdict }) => verdict === 'absent'),
      ({ subject, absentReason }) => [`${subject}:`, absentReason],
    ),
  ];
}

function tally<T>(
  title: string,
  results: readonly T[],
  words: (result: T) => readonly (string | undefined)[],
): string[] {
  const counts = new Map<string, number>();
  for (const result of results) {
    const key = words(result).filter(Boolean).join(' ');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .sort()
    .map(([key, count]) => `${title}: ${key} (${count} ${count === 1 ? 'run' : 'runs'})`);
}

function from(source: string | undefined): string | undefined {
  return source === undefined ? undefined : `from ${source}`;
}
