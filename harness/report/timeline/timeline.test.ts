import { describe, expect, it } from 'vitest';
import { judge } from '../../oracle/judge.ts';
import { FAULT, healthyRun, id, STRICT } from '../../oracle/testing/build.ts';
import { changed, without } from '../../oracle/testing/edit.ts';
import { drawTimeline } from './draw.ts';
import { timelineOf } from './model.ts';
import { renderTimeline } from './render.ts';

const count = (svg: string, what: RegExp) => svg.match(what)?.length ?? 0;

describe('the timeline', () => {
  it('has lanes for server, network, wire and each subject, with the lives of its connections', () => {
    const { lanes } = timelineOf(healthyRun({ subjects: ['a', 'b'] }));
    expect(lanes.map((lane) => lane.label)).toEqual(['server', 'network', 'wire', 'a', '', 'b', '']);
    const lives = lanes[3]?.marks.filter(([, , kind]) => kind === 'connection') ?? [];
    expect(lives.map(([from, to]) => [from, to])).toEqual([
      [3, 1046],
      [1246, 2596],
    ]);
  });

  it('starts where something happens, not where the browser was launched', () => {
    const { startsAt } = timelineOf(healthyRun());
    const early = { at: startsAt - 9000, kind: 'note', text: 'launching' } as const;
    expect(timelineOf([early, ...healthyRun()])).toEqual(timelineOf(healthyRun()));
  });

  it('draws a fault from its firing to its healing, named', () => {
    const network = timelineOf(healthyRun()).lanes[1];
    expect(network?.marks).toEqual([[1041, 1191, 'fault', 1, FAULT]]);
    expect(renderTimeline(healthyRun())).toContain(`>${FAULT}</text>`);
  });

  it('keeps the name beside a fault out of the next one', () => {
    const model = timelineOf(healthyRun({ events: 40, cuts: [300, 900, 1300, 2000, 3500] }));
    const svg = drawTimeline(model, { from: 0, to: model.durationMs, width: 900, legend: false });
    const starts = [...svg.matchAll(/<rect class="fault" x="([\d.]+)"/g)].map(([, x]) => Number(x));
    const names = [...svg.matchAll(/<text class="on-lane" x="([\d.]+)"[^>]*>([^<]+)</g)];
    expect([starts.length, names.length]).toEqual([5, 5]);
    for (const [, x, name] of names) {
      const next = starts.find((start) => start > Number(x)) ?? 900;
      expect(Number(x) + (name?.length ?? 0) * 6.2, name).toBeLessThanOrEqual(next);
    }
  });

  it('frames what offends', () => {
    const lossy = without(healthyRun(), { kind: 'processed', id: id(7) });
    expect(renderTimeline(lossy, judge(lossy, STRICT))).toContain('offending: produced · 0.691 s');
    expect(renderTimeline(lossy)).not.toContain('offending');
  });

  it('stays bounded for a long history, and says how many each mark stands for', () => {
    const svg = renderTimeline(healthyRun({ events: 4000, cuts: [1050] }));
    expect(count(svg, /<rect class="processed"/g)).toBeLessThan(600);
    expect(svg.length).toBeLessThan(400_000);
    const drawn = [...svg.matchAll(/<title>(?:(\d+) × )?processed/g)].reduce(
      (sum, m) => sum + Number(m[1] ?? 1),
      0,
    );
    expect(drawn).toBe(4001);
  });

  it('draws the guilty first when there are too many subjects, and says how many are hidden', () => {
    const subjects = Array.from({ length: 30 }, (_, i) => `s${i}`);
    const lossy = without(healthyRun({ subjects, cuts: [] }), {
      kind: 'processed',
      subject: 's29',
      id: id(7),
    });
    const model = timelineOf(lossy, judge(lossy, { guarantee: 'effectively-once' }));
    expect(model.lanes[3]?.label).toBe('s29');
    expect(model.hiddenSubjects).toBe(22);
    expect(renderTimeline(lossy)).toContain('22 more subjects not drawn');
  });

  it('is one well-formed picture of its own, in light and dark, whatever names say', () => {
    const hostile = changed(
      healthyRun({ subjects: ['<b>&"'] }),
      { kind: 'close', final: true },
      { cause: '</svg>' },
    );
    const svg = renderTimeline(hostile);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^>]*><style>/);
    expect(count(svg, /<\/svg>/g)).toBe(1);
    expect(svg).toContain('&lt;b&gt;&amp;&quot;');
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).not.toContain('NaN');
  });

  it('survives an empty history', () => {
    expect(renderTimeline([])).toMatch(/<\/svg>$/);
  });
});
