import { describe, expect, it } from 'vitest';
import { describeRun, type Ran } from './describe-run.ts';

const real = { name: 'toxiproxy', version: '2.12.0', source: 'cache' } as const;
const chromium = { name: 'chromium', version: '156.0' };
const node: Ran = { verdict: true, engine: real, subject: 'kit/node', server: 'express' };
const browser: Ran = { ...node, subject: 'kit/chromium', browser: chromium };

describe('what a CI run says about itself', () => {
  it('names engine, browsers and subjects with the number of their runs', () => {
    expect(describeRun([node, browser, { ...browser, verdict: false }])).toEqual([
      'Engine: toxiproxy 2.12.0 from cache (3 runs)',
      'Browser: chromium 156.0 (2 runs)',
      'Subject: kit/chromium on express (2 runs)',
      'Subject: kit/node on express (1 run)',
    ]);
  });

  it('lists what was absent with the reason, and does not count it as run', () => {
    const absent: Ran = {
      ...node,
      verdict: 'absent',
      subject: 'kit/webkit',
      absentReason: "Playwright's build is not installed",
    };
    const lines = describeRun([node, absent]);
    expect(lines).toContain("Absent: kit/webkit: Playwright's build is not installed (1 run)");
    expect(lines).toContain('Engine: toxiproxy 2.12.0 from cache (1 run)');
  });

  it('claims nothing when nothing left a result', () => {
    expect(describeRun([])).toEqual([expect.stringContaining('no engine')]);
  });
});
