import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judge } from '../oracle/judge.ts';
import { healthyRun, id, STRICT } from '../oracle/testing/build.ts';
import { without } from '../oracle/testing/edit.ts';
import { renderGauges, scenarioGauges, writeSnapshot } from './prom.ts';

const run = { scenario: 'disconnect/true-rst', subject: 'kit/node', server: 'express' };
const gauge = (value: number, label = 'v') => ({
  name: 'sse_x',
  help: 'a "b" \\ c\nd',
  samples: [{ labels: { l: label }, value }],
});

describe('a scenario snapshot', () => {
  it('holds the verdict, each check, and what was measured', () => {
    const verdict = judge(without(healthyRun(), { kind: 'processed', id: id(5) }), STRICT);
    const text = renderGauges(scenarioGauges(verdict, run, 2600));
    const labels = 'scenario="disconnect/true-rst",subject="kit/node",server="express"';
    expect(text).toContain(`sse_scenario_verdict{${labels}} 0\n`);
    expect(text).toContain(`sse_scenario_check{${labels},check="loss"} 0\n`);
    expect(text).toContain(`sse_scenario_check{${labels},check="order"} 1\n`);
    expect(text).toContain(`sse_scenario_count{${labels},check="loss",count="lost"} 1\n`);
    expect(text).toContain(`sse_scenario_duration_seconds{${labels}} 2.6\n`);
  });

  it('has lines of the text format only, each metric described once', () => {
    const text = renderGauges(scenarioGauges(judge(healthyRun(), STRICT), run, 1));
    const line =
      /^(# HELP \w+ .+|# TYPE \w+ gauge|\w+(\{\w+="([^"\\]|\\.)*"(,\w+="([^"\\]|\\.)*")*\})? -?[\d.e+]+)$/;
    expect(
      text
        .trimEnd()
        .split('\n')
        .filter((each) => !line.test(each)),
    ).toEqual([]);
    const types = text.match(/# TYPE \w+/g) ?? [];
    expect(new Set(types).size).toBe(types.length);
  });

  it('escapes labels and help as each format asks', () => {
    expect(renderGauges([gauge(1, 'a"\\\n')])).toBe(
      '# HELP sse_x a "b" \\\\ c\\nd\n# TYPE sse_x gauge\nsse_x{l="a\\"\\\\\\n"} 1\n',
    );
    expect(renderGauges([gauge(Number.POSITIVE_INFINITY)], 'openmetrics')).toBe(
      '# TYPE sse_x gauge\n# HELP sse_x a \\"b\\" \\\\ c\\nd\nsse_x{l="v"} +Inf\n# EOF\n',
    );
  });

  it('refuses names that the format does not know', () => {
    expect(() => renderGauges([{ name: 'a-b', help: '', samples: [] }])).toThrow(/not a metric name: "a-b"/);
    expect(() =>
      renderGauges([{ name: 'a', help: '', samples: [{ labels: { 'l-1': '' }, value: 1 }] }]),
    ).toThrow(/l-1/);
  });

  it('is written in the format of its file name', () => {
    const dir = mkdtempSync(join(tmpdir(), 'prom-'));
    try {
      writeSnapshot(join(dir, 'deep/scenario.prom'), [gauge(1)]);
      writeSnapshot(join(dir, 'scenario.om'), [gauge(1)]);
      expect(readFileSync(join(dir, 'deep/scenario.prom'), 'utf8')).toMatch(/^# HELP/);
      expect(readFileSync(join(dir, 'scenario.om'), 'utf8')).toMatch(/# EOF\n$/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
