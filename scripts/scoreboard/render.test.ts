import { describe, expect, it } from 'vitest';
import type { CollectedIndex, IndexEntry } from '../../harness/report/index-json.ts';
import { intoSection, renderScoreboard } from './render.ts';

const entry = (subject: string, id: string, verdict: IndexEntry['verdict']): IndexEntry => ({
  id,
  group: id.split('/')[0] ?? '',
  subject,
  subjectKind: subject.startsWith('kit/') ? 'kit' : 'peer',
  subjectVersion: `${subject} 1.2.3`,
  server: 'express',
  verdict,
  summary: '',
  failed: verdict === false ? ['loss', 'resume'] : [],
  unknown: [],
  guarantee: 'effectively-once',
  seed: '7',
  startedAt: '2026-11-22T10:00:00.000Z',
  durationMs: 1,
  earlier: [],
  artefacts: {},
});

function indexWith(results: readonly IndexEntry[]): CollectedIndex {
  const counts = { passed: 0, failed: 0, unknown: 0, absent: 0 };
  return {
    schemaVersion: 1,
    generatedAt: '2026-11-23T00:00:00.000Z',
    seed: '7',
    engine: 'Toxiproxy 2.12.0',
    browsers: [],
    environment: { node: '20.19.0' },
    counts,
    gating: counts,
    results,
    absent: [],
    scoreboard: [],
    mutants: [],
    findings: [],
    broken: [],
  };
}

const index = indexWith([
  entry('kit/node', 'connect/baseline', true),
  entry('worse/node', 'connect/baseline', true),
  entry('worse/node', 'disconnect/true-rst', false),
  entry('native/firefox', 'connect/baseline', true),
  entry('native/firefox', 'disconnect/true-rst', true),
  entry('native/firefox', 'dedupe/duplicate', 'absent'),
  entry('native/firefox', 'browser-facts/retry-0', true),
  entry('better-sse/server', 'connect/baseline', true),
]);

describe('the scoreboard in Markdown', () => {
  const text = renderScoreboard(index);

  it('says when, with what and which versions', () => {
    expect(text).toContain('Measured on 2026-11-22 with Toxiproxy 2.12.0, node 20.19.0, seed 7');
    expect(text).toContain('| 1 | EventSource of firefox | native/firefox 1.2.3 | 2 | 0 | 1 | 0 |');
    expect(text).toContain('| 2 | worse in Node | worse/node 1.2.3 | 1 | 1 | 0 | 0 |');
  });

  it('shows what is not claimed as a dash and what was not run as nothing', () => {
    expect(text).toContain('| `dedupe/duplicate` | – |  |');
    expect(text).toContain('| `disconnect/true-rst` | ✓ | ✗ |');
  });

  it('names the checks behind a cross', () => {
    expect(text).toContain('- `disconnect/true-rst`: loss, resume (worse in Node)');
  });

  it('keeps servers apart, and the kit and the facts out', () => {
    expect(text.indexOf('better-sse')).toBeGreaterThan(text.indexOf('### Servers'));
    expect(text).not.toContain('kit/node');
    expect(text).not.toContain('browser-facts');
  });

  it('refuses a report without peers', () => {
    expect(() => renderScoreboard(indexWith([]))).toThrow('has no peers');
  });

  it('replaces its section and nothing else, again and again', () => {
    const once = intoSection(`before\n\n${text}\nafter\n`, text);
    expect(intoSection(once, text)).toBe(once);
    expect(once.startsWith('before\n')).toBe(true);
    expect(once.endsWith('after\n')).toBe(true);
    expect(() => intoSection('no markers', text)).toThrow('to write between');
  });
});
