import { type Campaign, type Conviction, describeSchedule } from '../simulation/index.ts';
import type { CliHost } from './host.ts';
import { paint } from './paint.ts';

/** The result of a campaign for a person: the verdict, how much it covered, and each conviction with its replay. */
export function campaignCard(
  campaign: Campaign,
  files: ReadonlyMap<Conviction, string>,
  { colour }: Pick<CliHost, 'colour'>,
): string {
  const { good, bad, faint } = paint(colour);
  const { passed, failed, unknown, seed, tookMs, virtualMs, coverage } = campaign;
  const total = passed + failed + unknown;
  const mark = failed + unknown === 0 ? good('✓ every promise held') : bad('✗ a promise was broken');
  const perMinute = Math.round(total / (tookMs / 60_000));
  const hours = (virtualMs / 3_600_000).toFixed(1);
  const fired = Object.entries(coverage.faults).map(([kind, bites]) => `${kind} ${bites.fired}`);
  return [
    `${mark}: ${total} schedules of seed ${seed}, ${failed} false, ${unknown} unknown`,
    faint(`${hours} virtual hours in ${(tookMs / 1000).toFixed(1)} s, ${perMinute} schedules a minute`),
    faint(`faults that bit: ${fired.join(', ') || 'none'}`),
    ...campaign.convictions.map((each) => convictionText(each, files.get(each) ?? '', colour)),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function convictionText(
  { check, summary, seed, index, schedule }: Conviction,
  file: string,
  colour: boolean,
): string {
  const { bad, strong } = paint(colour);
  return [
    '',
    `${bad(`✗ ${check}`)}: ${summary}`,
    `${describeSchedule(schedule)}  ${strong(`npx sse-kit simulate --replay ${file}`)}`,
    `  as it was found: npx sse-kit simulate --replay ${seed}:${index}`,
  ].join('\n');
}
