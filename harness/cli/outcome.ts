import type { Run } from '../runner/run.ts';
import type { CliHost } from './host.ts';
import { type Paint, paint } from './paint.ts';
import { wrapped } from './plain-text.ts';

/** What one scenario came to, as `--json` prints it. */
export type Outcome =
  | { readonly id: string; readonly server: string; readonly verdict: 'skipped'; readonly reason: string }
  | {
      readonly id: string;
      readonly server: string;
      readonly verdict: true | false | 'unknown';
      readonly durationMs: number;
      /** Folder of the artefacts. */
      readonly dir: string;
      /** The checks that are false, then those that are unknown, each with a sentence. */
      readonly complaints: readonly {
        readonly check: string;
        /** Proven wrong, and not merely unknown. */
        readonly broken?: true;
        readonly summary: string;
      }[];
      /** What broke the run before its end. */
      readonly error?: string;
    };

export function outcomeOf({ result }: Run, dir: string): Outcome {
  const by = (valid: false | 'unknown') =>
    Object.entries(result.checks).flatMap(([check, { valid: was, summary, applied }]) =>
      applied && was === valid
        ? [{ check, ...(was === false ? { broken: true as const } : {}), summary }]
        : [],
    );
  return {
    id: result.id,
    server: result.server,
    // The runner never says `absent`: what cannot run is skipped before.
    verdict: result.verdict === 'absent' ? 'unknown' : result.verdict,
    durationMs: result.durationMs,
    dir,
    complaints: [...by(false), ...by('unknown')],
    ...(result.error === undefined ? {} : { error: result.error }),
  };
}

/** Numbers by verdict. */
export function totals(outcomes: readonly Outcome[]) {
  const count = (verdict: Outcome['verdict']) => outcomes.filter((each) => each.verdict === verdict).length;
  return { passed: count(true), failed: count(false), unknown: count('unknown'), skipped: count('skipped') };
}

/** For a person: the verdict first, and below it why it is not true. */
export function outcomeLine(outcome: Outcome, { good, bad, doubtful, faint }: Paint): string {
  const { id, server, verdict } = outcome;
  const what = `${id} · ${server}`;
  if (verdict === 'skipped') return `${faint('– skipped')} ${what} ${faint(`(${outcome.reason})`)}`;
  const mark = verdict === true ? good('✓ true') : verdict === false ? bad('✗ false') : doubtful('? unknown');
  const because = [
    ...outcome.complaints.map(({ check, summary }) => `\n    ${check}: ${summary}`),
    ...(outcome.error === undefined ? [] : [`\n    ${outcome.error}`]),
    ...(verdict === true ? [] : [`\n    ${outcome.dir}`]),
  ];
  return `${mark} ${what} ${faint(`${(outcome.durationMs / 1000).toFixed(1)} s`)}${because.join('')}`;
}

/** What was skipped, by reason: those with the most first. */
export function skipLines(
  outcomes: readonly Outcome[],
  { colour, columns = 80 }: Pick<CliHost, 'colour' | 'columns'>,
): string {
  const byReason = new Map<string, string[]>();
  for (const each of outcomes) {
    if (each.verdict === 'skipped')
      byReason.set(each.reason, [...(byReason.get(each.reason) ?? []), each.id]);
  }
  const { faint } = paint(colour);
  return [...byReason]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([reason, ids]) => {
      const list = wrapped(ids.join(', '), columns - 4).map((line) => `\n    ${line}`);
      return faint(`– skipped ${ids.length}: ${reason}${list.join('')}\n`);
    })
    .join('');
}
