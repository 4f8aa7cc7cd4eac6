import type { AuditReport, CheckResult, Verdict } from '../audit/index.ts';
import type { CliHost } from './host.ts';
import { type Paint, paint } from './paint.ts';
import { plainText, shortened, wrapped } from './plain-text.ts';

const MARK: Readonly<Record<Verdict, string>> = { pass: '✓', warn: '!', fail: '✗', unknown: '?' };
const TONE = { pass: 'good', warn: 'doubtful', fail: 'bad', unknown: 'faint' } as const;
const MEANING: Readonly<Record<AuditReport['grade'], string>> = {
  A: 'nothing to complain of',
  B: 'works; see what is marked',
  C: 'one thing breaks streams',
  D: 'several things break streams',
  F: 'not an event stream',
};

/** Width of mark and title. */
const INDENT = 18;

/** The report for a person: at most 80 columns, fewer where the terminal has fewer. */
export function auditCard(
  report: AuditReport,
  { colour, columns = 80 }: Pick<CliHost, 'colour' | 'columns'>,
) {
  const p = paint(colour);
  const width = Math.max(40, Math.min(80, columns));
  const rule = p.faint('─'.repeat(width));
  const { grade, counts } = report;
  const tone = grade === 'A' ? p.good : grade === 'B' ? p.doubtful : p.bad;
  const sum = (['pass', 'warn', 'fail', 'unknown'] as const)
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => p[TONE[verdict]](`${counts[verdict]} ${verdict}`))
    .join(p.faint(' · '));
  const lines = [
    rule,
    ` ${p.strong(tone(`Grade ${grade}`))}  ${MEANING[grade]}  ${sum}`,
    ` ${p.faint(shortened(plainText(report.url), width - 2))}`,
    ...(report.path.length > 0
      ? [` ${p.faint(shortened(`answered by ${plainText(report.path.join(', '))}`, width - 2))}`]
      : []),
    rule,
    ...report.checks.flatMap((check) => checkLines(check, width, p)),
    rule,
  ];
  for (const { name, why } of report.faults) {
    const [first = '', ...rest] = wrapped(`${name}: ${plainText(why)}`, width - 15);
    lines.push(
      ` ${p.bad('Proxy fault')}  ${p.strong(first)}`,
      ...rest.map((line) => `              ${line}`),
    );
  }
  return `${lines.join('\n')}\n${report.faults.length > 0 ? `${rule}\n` : ''}`;
}

function checkLines(check: CheckResult, width: number, p: Paint): string[] {
  const { verdict, title, why, hint, link, evidence } = check;
  const column = width - INDENT;
  const indent = ' '.repeat(INDENT);
  const [first = '', ...rest] = wrapped(plainText(why), column);
  const say = verdict === 'unknown' ? p.faint : (text: string) => text;
  const lines = [
    ` ${p[TONE[verdict]](MARK[verdict])} ${title.padEnd(INDENT - 3)}${say(first)}`,
    ...rest.map((line) => `${indent}${say(line)}`),
  ];
  if (verdict !== 'warn' && verdict !== 'fail') return lines;
  const aside = (text: string) => wrapped(text, column).map((line) => `${indent}${p.faint(line)}`);
  if (evidence.length > 0) lines.push(...aside(`seen: ${plainText(evidence.join('; '))}`));
  if (hint !== undefined) lines.push(...aside(`→ ${hint}`));
  // A link that is broken over two lines cannot be followed.
  if (link !== undefined)
    lines.push(`${' '.repeat(Math.max(1, Math.min(INDENT, width - link.length)))}${p.faint(link)}`);
  return lines;
}
