import type { Mark, MarkKind, TimelineModel } from './model.ts';

/** The part of the timeline to draw, milliseconds after the start, and the width of the picture in CSS pixels. */
export interface DrawOptions {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  /** Draw the legend under the lanes. */
  readonly legend: boolean;
}

/**
 * Draws a timeline as SVG text. Moments closer than three pixels share one mark whose height grows with their number,
 * so a long history stays readable at every zoom.
 *
 * Self-contained on purpose (no imports at run time, no outer names): the report puts the text of this function into
 * its page to redraw on zoom.
 */
export function drawTimeline(model: TimelineModel, options: DrawOptions): string {
  const { from, to, width } = options;
  const narrow = width < 560;
  const left = narrow ? 18 : 132;
  const right = 18;
  const top = 26;
  const inner = Math.max(40, width - left - right);
  const span = Math.max(0.5, to - from);
  const x = (at: number) => left + ((at - from) / span) * inner;
  const xml = (text: string) =>
    text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);
  const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const time = (at: number) =>
    span < 2000 ? `${Math.round(at)} ms` : `${(at / 1000).toFixed(span < 20_000 ? 1 : 0)} s`;
  const labelRow = narrow ? 13 : 0;
  const bandKinds: readonly MarkKind[] = ['fault', 'connection'];
  const glyphs: Partial<Record<MarkKind, string>> = {
    sentinel: '★',
    fin: '⊣',
    rst: '✕',
    retry: '↻',
    liveness: '!',
    'give-up': '■',
    announced: '◆',
    deduped: '▽',
    redelivery: '△',
    late: '≺',
    'dead-letter': '†',
  };
  const out: string[] = [];

  const bin = (marks: readonly Mark[]): readonly Mark[] => {
    const bins = new Map<string, Mark>();
    for (const mark of marks) {
      const [at, , kind, count, text] = mark;
      if (at < from || at > to) continue;
      const key = `${kind} ${Math.floor(x(at) / (glyphs[kind] ? 9 : 3))}`;
      const before = bins.get(key);
      bins.set(
        key,
        before ? [before[0], at, kind, before[3] + count, before[4]] : [at, at, kind, count, text],
      );
    }
    return [...bins.values()];
  };
  const title = ([start, end, , count, text]: Mark) => {
    const exact = (at: number) => `${(at / 1000).toFixed(3)} s`;
    const when = end > start ? `${exact(start)} to ${exact(end)}` : exact(start);
    return `<title>${xml(count > 1 ? `${count} × ${text} …` : text)} · ${when}</title>`;
  };
  /** @param until where the next band of the lane begins: a name beside its band ends there. */
  const band = (mark: Mark, y: number, height: number, floor: number, until: number) => {
    const [start, end, kind, , text] = mark;
    if (end < from || start > to) return;
    const x1 = Math.max(left, x(start));
    const x2 = Math.min(left + inner, Math.max(x(end), x1 + 2));
    if (kind === 'fault') {
      out.push(
        `<rect class="shade" x="${x1.toFixed(1)}" y="${top}" width="${(x2 - x1).toFixed(1)}" height="${floor - top}"/>`,
      );
    }
    const box = `x="${x1.toFixed(1)}" y="${y + 4}" width="${(x2 - x1).toFixed(1)}" height="${height - 8}"`;
    out.push(`<rect class="${kind}" ${box} rx="3">${title(mark)}</rect>`);
    const inside = kind === 'connection' || x2 - x1 > text.length * 6.2 + 8;
    const tx = inside ? x1 + 4 : x2 + 4;
    const fits = Math.floor((inside ? x2 - x1 - 8 : Math.min(left + inner, until) - tx) / 6.2);
    if (fits < 4) return;
    out.push(
      `<text class="on-${inside ? kind : 'lane'}" x="${tx.toFixed(1)}" y="${y + height / 2 + 3.5}">${xml(cut(text, fits))}</text>`,
    );
  };
  const moment = (mark: Mark, y: number, height: number) => {
    const [start, , kind, count] = mark;
    const at = x(start);
    const middle = y + height / 2;
    const glyph = glyphs[kind];
    if (kind === 'offence') {
      out.push(
        `<rect class="offence" x="${(at - 4).toFixed(1)}" y="${y + 1}" width="8" height="${height - 2}" rx="2">${title(mark)}</rect>`,
      );
    } else if (kind === 'heartbeat') {
      out.push(
        `<circle class="heartbeat" cx="${at.toFixed(1)}" cy="${y + height - 5}" r="2">${title(mark)}</circle>`,
      );
    } else if (glyph) {
      out.push(
        `<text class="glyph ${kind}" x="${at.toFixed(1)}" y="${middle + 4}">${glyph}${title(mark)}</text>`,
      );
    } else {
      const tall = Math.min(height - 6, 8 + 3 * Math.log2(count));
      out.push(
        `<rect class="${kind}" x="${(at - 1).toFixed(1)}" y="${(middle - tall / 2).toFixed(1)}" width="2" height="${tall.toFixed(1)}">${title(mark)}</rect>`,
      );
    }
  };

  const laneHeight = 26 + labelRow;
  const floor = top + model.lanes.length * laneHeight;
  const rough = span / Math.max(2, inner / 110);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10);
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const tx = x(at).toFixed(1);
    out.push(`<line class="grid" x1="${tx}" x2="${tx}" y1="${top - 4}" y2="${floor}"/>`);
    out.push(`<text class="axis" x="${tx}" y="${top - 10}">${time(at)}</text>`);
  }
  model.lanes.forEach((lane, i) => {
    const y = top + i * laneHeight;
    if (lane.label) out.push(`<line class="rule" x1="0" x2="${width}" y1="${y}" y2="${y}"/>`);
    if (narrow) out.push(`<text class="label" x="${left}" y="${y + 11}">${xml(lane.label)}</text>`);
    else
      out.push(`<text class="label" x="8" y="${y + laneHeight / 2 + 4}">${xml(cut(lane.label, 19))}</text>`);
    const bands = lane.marks.filter(([, , kind]) => bandKinds.includes(kind));
    for (const mark of bands) {
      const later = bands.filter((other) => other !== mark && other[0] >= mark[0]);
      const until = Math.min(...later.map(([start]) => x(start)));
      band(mark, y + labelRow, laneHeight - labelRow, floor, until);
    }
    for (const mark of bin(lane.marks.filter(([, , kind]) => !bandKinds.includes(kind)))) {
      moment(mark, y + labelRow, laneHeight - labelRow);
    }
  });
  let height = floor + 6;
  if (options.legend) {
    const present = new Set(model.lanes.flatMap((lane) => lane.marks.map(([, , kind]) => kind)));
    let lx = left;
    let ly = floor + 20;
    for (const kind of present) {
      const wide = 26 + kind.length * 6.6;
      if (lx + wide > width) {
        lx = left;
        ly += 18;
      }
      const glyph = glyphs[kind];
      if (glyph) out.push(`<text class="glyph ${kind}" x="${lx + 6}" y="${ly + 4}">${glyph}</text>`);
      else if (kind === 'heartbeat')
        out.push(`<circle class="heartbeat" cx="${lx + 6}" cy="${ly}" r="2.5"/>`);
      else {
        const size = bandKinds.includes(kind) ? 12 : kind === 'offence' ? 8 : 3;
        out.push(
          `<rect class="${kind}" x="${lx + 6 - size / 2}" y="${ly - 5}" width="${size}" height="10" rx="1.5"/>`,
        );
      }
      out.push(`<text class="legend" x="${lx + 16}" y="${ly + 4}">${kind}</text>`);
      lx += wide;
    }
    if (model.hiddenSubjects > 0) {
      ly += 18;
      out.push(
        `<text class="legend" x="${left}" y="${ly + 4}">${model.hiddenSubjects} more subjects not drawn</text>`,
      );
    }
    height = ly + 14;
  }
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="tl" ${size} role="img" aria-label="Timeline"><rect class="paper" width="${width}" height="${height}"/>${out.join('')}</svg>`;
}
