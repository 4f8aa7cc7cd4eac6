import { fromCache } from './checks/head.ts';
import { CHECKS } from './checks/index.ts';
import { longestSilence } from './checks/timing.ts';
import { span } from './findings.ts';
import type { Exchange, Finding, Observations, Verdict } from './types.ts';

/** A finding with its check. */
export interface CheckResult extends Finding {
  readonly id: string;
  readonly title: string;
}

/** Something between server and client that breaks streams, by name. */
export interface ProxyFault {
  readonly name:
    | 'response-buffering'
    | 'compression-buffering'
    | 'cached-response'
    | 'idle-timeout'
    | 'http-1.0';
  readonly why: string;
}

/**
 * A: every essential check passes and nothing is to be said; B: warnings, or something essential undecided; C: one
 * failure; D: several; F: no event stream at all.
 */
export type Grade = 'A' | 'B' | 'C' | 'D' | 'F';

/** What an audit comes to. The shape of `--json`; `version` changes when a field changes its meaning or goes. */
export interface AuditReport {
  readonly version: 1;
  readonly url: string;
  /** ISO 8601. */
  readonly at: string;
  readonly grade: Grade;
  readonly counts: Readonly<Record<Verdict, number>>;
  /** What names itself on the way, from response headers. */
  readonly path: readonly string[];
  readonly faults: readonly ProxyFault[];
  readonly checks: readonly CheckResult[];
}

/** Judges what was seen. Pure. */
export function judgeAudit(seen: Observations): AuditReport {
  const checks = CHECKS.map((check): CheckResult => {
    const { id, title } = check;
    return { id, title, ...check.judge(seen) };
  });
  const counts = { pass: 0, warn: 0, fail: 0, unknown: 0 };
  for (const { verdict } of checks) counts[verdict]++;
  return {
    version: 1,
    url: seen.url,
    at: new Date(seen.startedUnixMs).toISOString(),
    grade: gradeOf(checks, counts),
    counts,
    path: pathOf(seen.stream.headers),
    faults: faultsOf(seen, checks),
    checks,
  };
}

/** Without these it is no event stream. */
const NO_STREAM = ['status', 'content-type'];

function gradeOf(checks: readonly CheckResult[], counts: AuditReport['counts']): Grade {
  if (checks.some(({ id, verdict }) => NO_STREAM.includes(id) && verdict !== 'pass' && verdict !== 'warn')) {
    return 'F';
  }
  if (counts.fail > 0) return counts.fail === 1 ? 'C' : 'D';
  const undecided = checks.some(
    ({ verdict }, index) => verdict === 'unknown' && CHECKS[index]?.essential === true,
  );
  return counts.warn > 0 || undecided ? 'B' : 'A';
}

/** Headers by which servers, proxies and networks name themselves. */
const NAMES: readonly (readonly [header: string, name: (value: string) => string])[] = [
  ['server', (value) => value],
  ['via', (value) => `via ${value}`],
  ['x-powered-by', (value) => value],
  ['cf-ray', () => 'Cloudflare'],
  ['x-amz-cf-id', () => 'CloudFront'],
  ['x-envoy-upstream-service-time', () => 'Envoy'],
  ['x-vercel-id', () => 'Vercel'],
  ['x-served-by', () => 'Fastly'],
];

function pathOf(headers: Exchange['headers']): string[] {
  return NAMES.flatMap(([header, name]) => {
    const value = headers[header];
    return value === undefined ? [] : [name(value).slice(0, 60)];
  });
}

/** Seconds of silence after which proxies cut, as they come. */
const IDLE_LIMITS_S = [15, 30, 50, 55, 60, 100, 120, 300];

function faultsOf(seen: Observations, checks: readonly CheckResult[]): ProxyFault[] {
  const failed = (id: string) => checks.find((check) => check.id === id && check.verdict === 'fail');
  const { stream } = seen;
  const faults: ProxyFault[] = [];
  const held = failed('buffering') ?? failed('first-byte');
  if (failed('compression')) {
    faults.push({ name: 'compression-buffering', why: failed('compression')?.why ?? '' });
  } else if (held) faults.push({ name: 'response-buffering', why: held.why });
  if (fromCache(stream.headers)) {
    faults.push({ name: 'cached-response', why: 'a cache answers in the place of the server' });
  }
  if (stream.httpVersion === '1.0') {
    faults.push({ name: 'http-1.0', why: 'something on the way speaks HTTP/1.0' });
  }
  const last = Math.max(stream.headAt ?? 0, ...stream.frames.map(({ at }) => at));
  const idle = stream.ending.at - last;
  const limit = IDLE_LIMITS_S.find((seconds) => Math.abs(idle - seconds * 1000) < seconds * 30);
  if (stream.ending.by !== 'us' && limit !== undefined && idle >= longestSilence(stream)) {
    faults.push({ name: 'idle-timeout', why: `closed after ${span(idle)} of silence` });
  }
  return faults;
}
