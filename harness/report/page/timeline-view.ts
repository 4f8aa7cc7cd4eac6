import type { drawTimeline as Draw } from '../timeline/draw.ts';
import type { TimelineModel } from '../timeline/model.ts';

/**
 * Makes a timeline zoom (wheel, buttons, + and -), move (drag, arrow keys) and explain itself (hover). Self-contained
 * on purpose: its text is put into the page.
 */
export function timelineView(place: HTMLElement, model: TimelineModel, draw: typeof Draw): void {
  const total = model.durationMs;
  let from = 0;
  let to = total;
  const picture = document.createElement('div');
  picture.className = 'picture';
  picture.tabIndex = 0;
  picture.setAttribute('role', 'group');
  picture.setAttribute('aria-label', 'Timeline: plus and minus zoom, arrow keys move, 0 shows all');
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.setAttribute('role', 'status');
  tip.textContent = 'Point at a mark to read it; scroll or pinch to zoom, drag to move.';
  const redraw = () => {
    const width = Math.max(300, Math.floor(place.clientWidth) - 2);
    picture.innerHTML = draw(model, { from, to, width, legend: true });
  };
  const show = (start: number, end: number) => {
    const span = Math.min(total, Math.max(total / 2000, end - start));
    from = Math.min(Math.max(0, start), total - span);
    to = from + span;
    redraw();
  };
  const zoom = (factor: number, around = 0.5) => {
    const middle = from + (to - from) * around;
    const span = (to - from) * factor;
    show(middle - span * around, middle + span * (1 - around));
  };
  const move = (share: number) => show(from + (to - from) * share, to + (to - from) * share);
  const tools = document.createElement('div');
  tools.className = 'tools';
  const button = (label: string, name: string, act: () => void) => {
    const node = document.createElement('button');
    node.type = 'button';
    node.textContent = label;
    node.setAttribute('aria-label', name);
    node.addEventListener('click', act);
    tools.append(node);
  };
  button('+', 'Zoom in', () => zoom(0.5));
  button('−', 'Zoom out', () => zoom(2));
  button('◀', 'Earlier', () => move(-0.25));
  button('▶', 'Later', () => move(0.25));
  button('all', 'Show all', () => show(0, total));
  const keys: Readonly<Record<string, () => void>> = {
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    ArrowLeft: () => move(-0.25),
    ArrowRight: () => move(0.25),
    '0': () => show(0, total),
  };
  picture.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  const shareAt = (clientX: number) => {
    const box = picture.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - box.left) / box.width));
  };
  picture.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) move(event.deltaX / 1000);
      else zoom(event.deltaY > 0 ? 1.25 : 0.8, shareAt(event.clientX));
    },
    { passive: false },
  );
  let drag: { readonly x: number; readonly from: number; readonly to: number } | null = null;
  picture.addEventListener('pointerdown', (event) => {
    drag = { x: event.clientX, from, to };
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener('pointermove', (event) => {
    if (drag) {
      const by = ((drag.x - event.clientX) / picture.clientWidth) * (drag.to - drag.from);
      show(drag.from + by, drag.to + by);
      return;
    }
    const mark = event.target instanceof Element ? event.target.querySelector('title') : null;
    if (mark?.textContent) tip.textContent = mark.textContent;
  });
  const drop = () => {
    drag = null;
  };
  picture.addEventListener('pointerup', drop);
  picture.addEventListener('pointercancel', drop);
  place.replaceChildren(tools, picture, tip);
  redraw();
  new ResizeObserver(redraw).observe(place);
}
