import type { drawTimeline as Draw } from '../timeline/draw.ts';
import type { PageCell, PageCheck, PageData } from './data.ts';
import type { problemList as Problems } from './problems.ts';
import type { reportSections as Sections } from './sections.ts';
import type { timelineView as View } from './timeline-view.ts';

/**
 * The script of the report. Self-contained on purpose (no imports at run time): its text is put into the page.
 * Everything that comes from a run enters the page as text, never as markup.
 */
export function reportApp(
  data: PageData,
  drawTimeline: typeof Draw,
  timelineView: typeof View,
  problemList: typeof Problems,
  reportSections: typeof Sections,
): void {
  const { index, cells } = data;
  type Attributes = Readonly<Record<string, string>>;
  const el = (tag: string, attributes: Attributes = {}, ...children: (Node | string)[]): HTMLElement => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const byId = (id: string): HTMLElement => {
    const found = document.getElementById(id);
    if (!found) throw new Error(`the page has no #${id}`);
    return found;
  };
  const word = (cell: PageCell) =>
    ({ true: 'passed', false: 'failed', unknown: 'unknown', absent: 'absent' })[
      String(cell.verdict) as 'true'
    ];
  const sign = (cell: PageCell) =>
    ({ true: '✓', false: '✗', unknown: '?', absent: '–' })[String(cell.verdict) as 'true'];
  const keyOf = (cell: PageCell) => `${cell.id}|${cell.subject}|${cell.server}`;
  const column = (cell: PageCell) => `${cell.subject}|${cell.server}`;
  const seconds = (ms: number) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

  // ── filters: what the address bar says, so that a filtered view can be sent to somebody
  const text = byId('filter-text') as HTMLInputElement;
  const group = byId('filter-group') as HTMLSelectElement;
  const kind = byId('filter-kind') as HTMLSelectElement;
  const verdicts = [...document.querySelectorAll<HTMLInputElement>('input[name=verdict]')];
  for (const name of [...new Set(cells.map((cell) => cell.group))])
    group.append(el('option', { value: name }, name));
  const wanted = (): readonly PageCell[] => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = new Set(verdicts.filter((box) => box.checked).map((box) => box.value));
    return cells.filter((cell) => {
      const hay =
        `${cell.id} ${cell.subject} ${cell.server} ${cell.summary} ${cell.hypothesis}`.toLowerCase();
      return (
        shown.has(word(cell)) &&
        (group.value === '' || cell.group === group.value) &&
        (kind.value === '' || cell.subjectKind === kind.value) &&
        words.every((each) => hay.includes(each))
      );
    });
  };

  // ── the matrix: an ARIA grid with one tab stop; arrows move, Enter opens
  const grid = byId('matrix');
  let active: HTMLElement | null = null;
  const focusable = () => [...grid.querySelectorAll<HTMLElement>('[role=gridcell][tabindex]')];
  const activate = (cell: HTMLElement, focus: boolean) => {
    active?.setAttribute('tabindex', '-1');
    active = cell;
    cell.setAttribute('tabindex', '0');
    if (focus) {
      cell.focus();
      cell.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  };
  const drawMatrix = () => {
    const shown = wanted();
    const columns = [...new Set(shown.map(column))].sort((a, b) => {
      const peer = (name: string) =>
        shown.find((cell) => column(cell) === name)?.subjectKind === 'peer' ? 1 : 0;
      return peer(a) - peer(b) || a.localeCompare(b);
    });
    // Groups that none of the kit's subjects is in (facts about browsers) come last: the matrix begins with what gates.
    const gating = new Set(shown.flatMap((cell) => (cell.subjectKind === 'kit' ? [cell.group] : [])));
    const ids = [...new Set(shown.map((cell) => cell.id))];
    const gates = (id: string) => gating.has(id.split('/')[0] ?? '');
    const rows = [...ids.filter(gates), ...ids.filter((id) => !gates(id))];
    const at = new Map(shown.map((cell) => [keyOf(cell), cell]));
    const head = el(
      'tr',
      { role: 'row' },
      el('th', { role: 'columnheader', scope: 'col', class: 'corner' }, 'scenario'),
    );
    const kindOf = (name: string) => shown.find((cell) => column(cell) === name)?.subjectKind;
    // The first of the peers stands a little apart: from here on nothing gates.
    const firstPeer = columns.find((name) => kindOf(name) === 'peer');
    for (const name of columns) {
      const [subject = '', server = ''] = name.split('|');
      head.append(
        el(
          'th',
          { role: 'columnheader', scope: 'col', class: name === firstPeer ? 'peer' : '' },
          el('div', { class: 'tilt' }, el('b', {}, subject), el('span', {}, server)),
        ),
      );
    }
    const body = el('tbody', { role: 'rowgroup' });
    let before = '';
    rows.forEach((id) => {
      const [name = '', ...rest] = id.split('/');
      if (name !== before) {
        body.append(
          el(
            'tr',
            { class: 'group', role: 'row' },
            el('th', { role: 'rowheader', colspan: String(columns.length + 1), scope: 'colgroup' }, name),
          ),
        );
        before = name;
      }
      const row = el(
        'tr',
        { role: 'row' },
        el('th', { role: 'rowheader', scope: 'row', title: id }, rest.join('/') || id),
      );
      for (const each of columns) {
        const cell = at.get(`${id}|${each}`);
        if (!cell) {
          row.append(el('td', { role: 'gridcell', class: each === firstPeer ? 'none peer' : 'none' }));
          continue;
        }
        const flaky = cell.earlier.some((verdict) => verdict !== cell.verdict);
        const label = `${cell.id}, ${cell.subject} on ${cell.server}: ${word(cell)}${flaky ? ', changed its verdict between tries' : ''}`;
        const td = el(
          'td',
          {
            role: 'gridcell',
            tabindex: '-1',
            class: `cell ${word(cell)}${flaky ? ' flaky' : ''}${each === firstPeer ? ' peer' : ''}`,
            'aria-label': label,
            title: cell.summary || label,
          },
          sign(cell),
        );
        td.addEventListener('click', () => {
          activate(td, true);
          open(cell);
        });
        td.addEventListener('keydown', (event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          open(cell);
        });
        row.append(td);
      }
      body.append(row);
    });
    grid.replaceChildren(el('thead', { role: 'rowgroup' }, head), body);
    active = null;
    const [first] = focusable();
    if (first) activate(first, false);
    byId('shown').textContent =
      shown.length === 0 ? 'Nothing matches these filters.' : `${shown.length} of ${cells.length} runs shown`;
  };
  grid.addEventListener('keydown', (event) => {
    const from = event.target instanceof HTMLElement ? event.target.closest('td') : null;
    const row = from?.parentElement;
    if (!from || !row) return;
    const rows = [...grid.querySelectorAll('tbody tr:not(.group)')];
    const places = (each: Element) => [...each.querySelectorAll<HTMLElement>('td')];
    const x = places(row).indexOf(from);
    const y = rows.indexOf(row);
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowRight: [1, 0],
      ArrowLeft: [-1, 0],
      ArrowDown: [0, 1],
      ArrowUp: [0, -1],
    };
    const step = steps[event.key];
    let target: HTMLElement | undefined;
    if (step) {
      // Steps over places where the subject has no run.
      for (let i = x + step[0], j = y + step[1]; ; i += step[0], j += step[1]) {
        const there = rows[j];
        const cell = there && places(there)[i];
        if (!cell) break;
        if (!cell.hasAttribute('tabindex')) continue;
        target = cell;
        break;
      }
    } else if (event.key === 'Home') target = places(row).find((cell) => cell.hasAttribute('tabindex'));
    else if (event.key === 'End') target = places(row).findLast((cell) => cell.hasAttribute('tabindex'));
    else return;
    event.preventDefault();
    if (target) activate(target, true);
  });

  // ── one run
  const dialog = byId('detail') as HTMLDialogElement;
  const section = (title: string, ...children: (Node | string)[]) =>
    el('section', {}, el('h3', {}, title), ...children);
  const table = (head: readonly string[], rows: readonly (readonly (Node | string)[])[]) =>
    el(
      'div',
      { class: 'scroll' },
      el(
        'table',
        { class: `plain columns-${head.length}` },
        el('thead', {}, el('tr', {}, ...head.map((name) => el('th', { scope: 'col' }, name)))),
        el('tbody', {}, ...rows.map((row) => el('tr', {}, ...row.map((value) => el('td', {}, value))))),
      ),
    );
  /** A name of a metric may break between its words. */
  const breakable = (name: string) =>
    el('span', {}, ...name.split(/(?<=[_{,])/).flatMap((part) => [part, el('wbr')]));
  const checkView = (check: PageCheck) => {
    const state =
      check.valid === false
        ? 'failed'
        : check.valid === 'unknown'
          ? 'unknown'
          : check.applied
            ? 'passed'
            : 'idle';
    const mark = { failed: '✗', unknown: '?', passed: '✓', idle: '·' }[state];
    const line = el(
      'summary',
      {},
      el('span', { class: `mark ${state}` }, mark),
      el('b', {}, check.name),
      ` ${check.summary}`,
    );
    const view = el('details', { class: 'check' }, line);
    if (check.slice)
      view.append(el('pre', { tabindex: '0', 'aria-label': 'Offending slice of history' }, check.slice));
    if (check.counts) view.append(el('p', { class: 'soft' }, check.counts));
    if (state === 'failed' || state === 'unknown') view.setAttribute('open', '');
    return view;
  };
  const open = (cell: PageCell) => {
    const facts: (readonly [string, string])[] = [
      ['Hypothesis', cell.hypothesis],
      ['Steady state', cell.steadyState],
      ['Faults', cell.faultPlan.join('; ') || 'none'],
      ['Guarantee', cell.guarantee],
      ['Budget', cell.budget.join(', ') || 'none'],
      ['Network', cell.network],
      ['Browser', cell.browser],
      ['Seed', cell.seed],
      ['Took', seconds(cell.durationMs)],
      ['Earlier tries', cell.earlier.map(String).join(', ')],
    ];
    const list = el(
      'dl',
      {},
      ...facts
        .filter(([, value]) => value)
        .flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
    );
    const close = el('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, '×');
    close.addEventListener('click', () => dialog.close());
    const badge = el('span', { class: `badge ${word(cell)}` }, `${sign(cell)} ${word(cell)}`);
    const content: Node[] = [
      el(
        'header',
        {},
        el(
          'div',
          {},
          badge,
          el('h2', { id: 'detail-title' }, cell.id),
          el(
            'p',
            { class: 'soft' },
            `${cell.subject}${cell.subjectVersion ? ` ${cell.subjectVersion}` : ''} on ${cell.server}`,
          ),
        ),
        close,
      ),
    ];
    if (cell.summary) content.push(el('p', { class: `why ${word(cell)}` }, cell.summary));
    content.push(list);
    const place = el('div', { class: 'timeline' });
    if (cell.timeline) content.push(section('Timeline', place));
    if (cell.checks.length > 0) content.push(section('Verdict', ...cell.checks.map(checkView)));
    if (cell.metrics.length > 0) {
      content.push(
        section(
          'Metrics',
          table(
            ['name', 'before', 'after'],
            cell.metrics.map((m) => [breakable(m.name), m.before, m.after]),
          ),
        ),
      );
    }
    const files = Object.entries(cell.artefacts);
    if (files.length > 0) {
      content.push(
        section(
          'Artefacts',
          el(
            'ul',
            { class: 'files' },
            ...files.map(([name, path]) =>
              el('li', {}, el('a', { href: path.split('/').map(encodeURIComponent).join('/') }, name)),
            ),
          ),
        ),
      );
    }
    dialog.replaceChildren(el('div', { class: 'inside' }, ...content));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    if (cell.timeline) timelineView(place, cell.timeline, drawTimeline);
    history.replaceState(null, '', `#${encodeURIComponent(keyOf(cell))}`);
  };
  dialog.addEventListener('close', () => {
    history.replaceState(null, '', location.pathname + location.search);
    active?.focus();
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });

  problemList(byId('problems'), cells, open);

  // ── the rest
  reportSections(index, { el, byId, table });

  const theme = byId('theme');
  theme.addEventListener('click', () => {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === 'dark'
      : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
  });
  for (const control of [text, group, kind, ...verdicts]) control.addEventListener('input', drawMatrix);
  drawMatrix();
  const linked = cells.find((cell) => `#${encodeURIComponent(keyOf(cell))}` === location.hash);
  if (linked) open(linked);
}
