import { BROWSER_FACTS, type CollectedIndex, type IndexEntry } from '../../harness/report/index-json.ts';

const BEGIN = '<!-- scoreboard:begin (scripts/scoreboard.ts) -->';
const END = '<!-- scoreboard:end -->';

const SIGNS: Readonly<Record<string, string>> = { true: '✓', false: '✗', unknown: '?', absent: '–' };

/**
 * The peers of a report as Markdown between markers: what each got, scenario × subject, and why the crosses.
 * @throws Error when the report has no peers.
 */
export function renderScoreboard(index: CollectedIndex): string {
  const entries = index.results.filter(
    ({ subjectKind, group }) => subjectKind === 'peer' && group !== BROWSER_FACTS,
  );
  if (entries.length === 0)
    throw new Error('the report has no peers; run: npx playwright test --project=peers');
  const servers = entries.filter(({ subject }) => subject.endsWith('/server'));
  const clients = entries.filter(({ subject }) => !subject.endsWith('/server'));
  const environment = Object.entries(index.environment).map(([name, value]) => `${name} ${value}`);
  const parts = [
    BEGIN,
    `Measured on ${measuredOn(entries)} with ${[index.engine, ...environment].join(', ')}, seed ${index.seed}. ` +
      '✓ every check holds, ✗ a check is broken, – not claimed by its documentation and so not judged, ? not decided, empty: not run.',
    ...tables('Clients, on a server of this kit', clients),
    ...tables("Servers, read by this kit's client", servers),
    ...reasons(entries),
    END,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Replaces what stands between the markers. @throws Error when the text has none. */
export function intoSection(text: string, markdown: string): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error(`no ${BEGIN} … ${END} to write between`);
  return `${text.slice(0, from)}${markdown.trimEnd()}${text.slice(to + END.length)}`;
}

function tables(title: string, entries: readonly IndexEntry[]): string[] {
  if (entries.length === 0) return [];
  const subjects = unique(entries.map(({ subject }) => subject));
  const of = (subject: string) => entries.filter((each) => each.subject === subject);
  const count = (subject: string, verdict: IndexEntry['verdict']) =>
    of(subject).filter((each) => each.verdict === verdict).length;
  const ranked = subjects.toSorted(
    (a, b) => count(b, true) - count(a, true) || count(a, false) - count(b, false) || a.localeCompare(b),
  );
  const sums = ranked.map((subject, i) => [
    String(i + 1),
    label(subject),
    of(subject)[0]?.subjectVersion ?? '',
    ...([true, false, 'absent', 'unknown'] as const).map((verdict) => String(count(subject, verdict))),
  ]);
  const ids = unique(entries.map(({ id }) => id));
  const cells = ids.map((id) => [
    `\`${id}\``,
    ...ranked.map((subject) => {
      const cell = of(subject).find((each) => each.id === id);
      return cell ? (SIGNS[String(cell.verdict)] ?? '') : '';
    }),
  ]);
  return [
    `### ${title}`,
    table(['', 'subject', 'version', '✓', '✗', '–', '?'], sums),
    table(['scenario', ...ranked.map((_, i) => String(i + 1))], cells),
  ];
}

/** Why each cross: the same reason of several subjects once. */
function reasons(entries: readonly IndexEntry[]): string[] {
  const crosses = entries.filter(({ verdict }) => verdict === false);
  if (crosses.length === 0) return [];
  const lines = unique(crosses.map(({ id }) => id)).flatMap((id) => {
    const here = crosses.filter((each) => each.id === id);
    const byCheck = unique(here.map(({ failed }) => failed.join(', ')));
    return byCheck.map((checks) => {
      const who = here.filter(({ failed }) => failed.join(', ') === checks);
      return `- \`${id}\`: ${checks} (${who.map(({ subject }) => label(subject)).join(', ')})`;
    });
  });
  return ['### The crosses, by the checks that broke', lines.join('\n')];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `native/firefox` is the browser's own. */
function label(subject: string): string {
  const place = subject.slice(subject.lastIndexOf('/') + 1);
  const name = subject.slice(0, subject.lastIndexOf('/'));
  if (place === 'server') return name;
  return name === 'native' ? `EventSource of ${place}` : `${name} in ${place === 'node' ? 'Node' : place}`;
}

function measuredOn(entries: readonly IndexEntry[]): string {
  const days = unique(entries.map(({ startedAt }) => startedAt.slice(0, 10)));
  return days.length === 1 ? (days[0] ?? '') : `${days[0]} to ${days.at(-1)}`;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
