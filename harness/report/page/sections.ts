import type { CollectedIndex } from '../index-json.ts';

/** What the script of the page lends to its parts. */
export interface PageTools {
  el(tag: string, attributes?: Readonly<Record<string, string>>, ...children: (Node | string)[]): HTMLElement;
  byId(id: string): HTMLElement;
  table(head: readonly string[], rows: readonly (readonly (Node | string)[])[]): HTMLElement;
}

/**
 * The tables below the matrix; one that has nothing to show stays hidden. Self-contained on purpose (no imports at run
 * time): its text is put into the page.
 */
export function reportSections(index: CollectedIndex, { el, byId, table }: PageTools): void {
  const part = (id: string, present: boolean, ...children: Node[]) => {
    const place = byId(id);
    place.hidden = !present;
    if (present) place.append(...children);
  };
  const bar = (row: { passed: number; failed: number; unknown: number }) => {
    const judged = Math.max(1, row.passed + row.failed + row.unknown);
    const share = Math.round((row.passed / judged) * 100);
    return el(
      'div',
      { class: 'bar', role: 'img', 'aria-label': `${share} per cent` },
      el('i', { style: `width:${share}%` }),
      el('span', {}, `${share} %`),
    );
  };
  part(
    'scoreboard',
    index.scoreboard.length > 0,
    table(
      ['subject', 'held', 'passed', 'failed', 'unknown', 'absent'],
      index.scoreboard.map((row) => [
        row.subject,
        bar(row),
        String(row.passed),
        String(row.failed),
        String(row.unknown),
        String(row.absent),
      ]),
    ),
  );
  part(
    'mutants',
    index.mutants.length > 0,
    table(
      ['mutant', 'what it does', 'caught by', 'how'],
      index.mutants.map((m) => [
        el('code', {}, m.mutant),
        m.description,
        m.caughtBy.length > 0 ? m.caughtBy.join(', ') : el('span', { class: 'badge failed' }, '✗ survived'),
        el('span', { class: 'soft' }, m.how ?? ''),
      ]),
    ),
  );
  part(
    'findings',
    index.findings.length > 0,
    table(
      ['what', 'expected', 'seen', 'where'],
      index.findings.map((f) => [f.what, f.expected, f.actual, `${f.id}, ${f.subject}`]),
    ),
  );
  part(
    'absent',
    index.absent.length > 0,
    table(
      ['subject', 'why'],
      index.absent.map((a) => [a.subject, a.reason]),
    ),
  );
  part(
    'broken',
    index.broken.length > 0,
    table(
      ['file', 'why'],
      index.broken.map((b) => [b.path, b.reason]),
    ),
  );
}
