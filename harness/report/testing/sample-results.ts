import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHistory } from '../../history/writer.ts';
import { judge } from '../../oracle/judge.ts';
import { healthyRun, id, STRICT } from '../../oracle/testing/build.ts';
import { without } from '../../oracle/testing/edit.ts';
import type { Records } from '../../oracle/types.ts';
import { renderTimeline } from '../timeline/render.ts';
import type { Mutant, RunInfo, ScenarioResult } from '../types.ts';

/** Which defect a sample run has. */
export type Sample = 'healthy' | 'lossy' | 'unproven' | 'absent';

const SCENARIOS = [
  'connect/baseline',
  'connect/refused-then-up',
  'disconnect/true-rst',
  'disconnect/fin-mid-event',
  'disconnect/truncate-every-n',
  'resume/inside-buffer',
  'resume/evicted',
  'order/jitter',
  'liveness/half-open',
  'liveness/short-stall',
  'deploy/sigkill-memory',
];
const SUBJECTS: readonly (readonly [string, string, 'kit' | 'peer'])[] = [
  ['kit/chromium', 'express', 'kit'],
  ['kit/chromium', 'fastify', 'kit'],
  ['kit/firefox', 'express', 'kit'],
  ['kit/node', 'express', 'kit'],
  ['kit/webkit', 'express', 'kit'],
  ['eventsource/node', 'express', 'peer'],
  ['native/firefox', 'express', 'peer'],
];

/**
 * Fills a results folder with runs over built histories, judged by the real oracle, for tests of the report.
 * `defects` names the runs that are not healthy, by `scenario|subject|server`.
 */
export function writeSampleResults(dir: string, defects: Readonly<Record<string, Sample>> = DEFECTS): void {
  for (const scenario of SCENARIOS) {
    for (const [subject, server, kind] of SUBJECTS) {
      const sample =
        defects[`${scenario}|${subject}|${server}`] ?? (subject === 'kit/webkit' ? 'absent' : 'healthy');
      writeRun(
        join(dir, `${scenario}-${subject}-${server}`.replaceAll('/', '-')),
        scenario,
        subject,
        server,
        kind,
        sample,
      );
    }
  }
  const info: RunInfo = {
    seed: '5f2c19aa',
    engine: { name: 'toxiproxy', version: '2.12.0', source: 'PATH' },
    browsers: [
      { name: 'chromium', version: '156.0.1' },
      { name: 'firefox', version: '153.7.0' },
    ],
    environment: { Node: 'v20.19.2', System: 'Linux x64' },
    absent: [
      {
        subject: 'kit/webkit',
        reason: 'WebKit needs the build of Playwright: npx playwright install webkit',
      },
    ],
  };
  const mutants: readonly Mutant[] = [
    {
      mutant: 'skip-dedupe',
      description: 'The client hands over every event it reads.',
      caughtBy: ['resume/inside-buffer'],
    },
    { mutant: 'no-jitter', description: 'Backoff without chance.', caughtBy: [] },
  ];
  writeFileSync(join(dir, 'run.json'), JSON.stringify(info));
  writeFileSync(join(dir, 'mutants.json'), JSON.stringify(mutants));
}

const DEFECTS: Readonly<Record<string, Sample>> = {
  'disconnect/true-rst|eventsource/node|express': 'lossy',
  'resume/evicted|native/firefox|express': 'lossy',
  'resume/evicted|eventsource/node|express': 'lossy',
  'liveness/half-open|native/firefox|express': 'lossy',
  'liveness/half-open|kit/firefox|express': 'unproven',
  'order/jitter|kit/node|express': 'lossy',
};

function historyOf(subject: string, sample: Sample): Records {
  const history = healthyRun({ subjects: [subject] });
  if (sample === 'lossy') return without(history, { kind: 'processed', id: id(7) });
  if (sample === 'unproven') return without(history, { kind: 'fault', phase: 'fired' });
  return history;
}

function writeRun(
  dir: string,
  scenario: string,
  subject: string,
  server: string,
  subjectKind: 'kit' | 'peer',
  sample: Sample,
): void {
  mkdirSync(dir, { recursive: true });
  const common = {
    schemaVersion: 1,
    id: scenario,
    subject,
    subjectKind,
    server,
    hypothesis:
      'A connection that is reset resumes once, from the last committed event, and nothing is lost.',
    steadyState: 'Ten events a second arrive within 50 ms of publication.',
    faultPlan: ['after event 10, a true RST on every connection (toxiproxy/reset_peer)'],
    guarantee: STRICT.guarantee,
    budget: STRICT.budget ?? {},
    seed: '5f2c19aa',
    engine: { name: 'toxiproxy', version: '2.12.0' },
    startedAt: '2026-11-22T08:00:00.000Z',
  } as const;
  if (sample === 'absent') {
    const result: ScenarioResult = {
      ...common,
      verdict: 'absent',
      absentReason: `${subject} is not installed`,
      checks: {},
      durationMs: 0,
      artefacts: {},
    };
    writeFileSync(join(dir, 'result.json'), JSON.stringify(result));
    return;
  }
  const records = historyOf(subject, sample);
  const verdict = judge(records, STRICT);
  const history = createHistory({ path: join(dir, 'history.ndjson') });
  for (const record of records) history.append(record);
  history.close();
  writeFileSync(join(dir, 'verdict.json'), JSON.stringify(verdict));
  writeFileSync(join(dir, 'timeline.svg'), renderTimeline(records, verdict));
  const result: ScenarioResult = {
    ...common,
    verdict: verdict.verdict,
    checks: verdict.checks,
    ...(subjectKind === 'peer' ? { subjectVersion: '4.1.1' } : {}),
    durationMs: 2600,
    metrics: {
      before: { sse_server_connections_active: 1, sse_server_published_total: 10 },
      after: {
        sse_server_connections_active: 0,
        sse_server_published_total: 21,
        sse_client_reconnects_total: 1,
        'sse_server_connections_closed_total{reason="client-gone",stream="orders"}': 1,
      },
    },
    artefacts: { history: 'history.ndjson', verdict: 'verdict.json', timeline: 'timeline.svg' },
    ...(sample === 'unproven'
      ? { findings: [{ what: 'default retry of Firefox', expected: '5 s', actual: '4 s' }] }
      : {}),
  };
  writeFileSync(join(dir, 'result.json'), JSON.stringify(result));
}
