import type { PageCell } from './data.ts';

/**
 * What is not true of the kit, each with its reason, beside the matrix: a reader who came because of a red build need
 * not look for the red cells. Self-contained on purpose (no imports at run time): its text is put into the page.
 */
export function problemList(
  place: HTMLElement,
  cells: readonly PageCell[],
  open: (cell: PageCell) => void,
): void {
  const wrong = cells
    .filter((cell) => cell.subjectKind === 'kit' && (cell.verdict === false || cell.verdict === 'unknown'))
    .sort((a, b) => Number(a.verdict === 'unknown') - Number(b.verdict === 'unknown'));
  place.hidden = wrong.length === 0;
  const list = document.createElement('ul');
  for (const cell of wrong) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = `why ${cell.verdict === false ? 'failed' : 'unknown'}`;
    const title = document.createElement('b');
    title.textContent = `${cell.verdict === false ? '✗' : '?'} ${cell.id}`;
    const where = document.createElement('span');
    where.textContent = `${cell.subject} on ${cell.server}`;
    const reason = document.createElement('span');
    reason.className = 'reason';
    reason.textContent = cell.summary;
    button.append(title, ' ', where, reason);
    button.addEventListener('click', () => open(cell));
    const item = document.createElement('li');
    item.append(button);
    list.append(item);
  }
  place.append(list);
}
