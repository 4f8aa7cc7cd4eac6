import type { ExperimentName } from './experiments.ts';

/** Browsers whose facts are written down. */
export type BrowserFamily = 'chromium' | 'firefox';

/** What one browser did when it was measured, and in which major version that was. */
export interface Expected {
  readonly version: number;
  readonly value: string;
}

/** A fact about the native EventSource that this project builds on. */
export interface BrowserFact {
  readonly id: ExperimentName;
  /** What is done to it. */
  readonly stimulus: string;
  /** By family; measurements of several versions, oldest first. */
  readonly expected: Readonly<Record<BrowserFamily, readonly Expected[]>>;
}

const fact = (id: ExperimentName, stimulus: string, chromium: string, firefox = chromium): BrowserFact => ({
  id,
  stimulus,
  expected: {
    chromium: [{ version: 156, value: chromium }],
    firefox: [{ version: 153, value: firefox }],
  },
});

/** Measured on Debian's Chromium and Firefox ESR; a new version that differs gets a line of its own here. */
export const browserFacts: readonly BrowserFact[] = [
  fact('default-retry', 'the stream ends and named no `retry:`', '3 s', '5 s'),
  fact('retry-0', '`retry: 0`, then the stream ends each time', 'no floor: a storm', '500 ms floor'),
  fact('retry-exact', '`retry: 600`, then the stream ends each time', 'as told, without jitter'),
  fact('status-429', '429 with Retry-After on reconnect', 'closed for good'),
  fact('status-502', '502 on reconnect', 'closed for good'),
  fact('status-503', '503 with Retry-After on reconnect', 'closed for good'),
  fact('status-204', '204 on reconnect', 'closed for good'),
  fact('wrong-type', 'text/html on reconnect', 'closed for good'),
  fact('broken-chunking', 'a chunk size that is none', 'reconnects', 'closed for good'),
  fact('id-only', '`id: 2` without data, then the end', 'resumes from 2', 'resumes from 1'),
  fact('id-empty', 'an empty `id:` with data, then the end', 'resumes from nowhere'),
  fact('id-with-named-event', '`id: 2`, `event: x`, `data: {}`, then the end', 'resumes from 2'),
  fact('named-event-silent', '`id: 2`, `event: x`, `data: {}`', 'onmessage does not fire'),
  fact('empty-data', '`id: 1` and an empty `data:`', 'onmessage fires with ""'),
  fact('nul-in-id', 'NUL in `id:`', 'event delivered', 'event lost'),
  fact(
    'malformed-fields',
    'the script of malformed/fields, byte by byte',
    'as the rules say',
    'no ["message","7","nul"]',
  ),
  fact('malformed-newlines', 'the script of malformed/newlines, byte by byte', 'as the rules say'),
  fact('malformed-bom', 'the script of malformed/bom, byte by byte', 'as the rules say'),
  fact('malformed-chunking', 'the script of malformed/chunking, byte by byte', 'as the rules say'),
  fact(
    'head-alone',
    'a response head, and the first byte of the body much later',
    'opens with the head',
    'opens with the first byte of the body',
  ),
  fact(
    'reused-fin',
    'FIN on a reused connection before the answer',
    'silently re-sent: the server sees 2 requests',
  ),
  fact(
    'reused-rst',
    'RST on a reused connection before the answer',
    'silently re-sent: the server sees 2 requests',
  ),
  fact('refused', 'connections are refused, ten times in a row', 'retries, no backoff'),
  fact('half-open', 'the connection stays open and silent', 'not noticed'),
  fact(
    'set-offline',
    "Playwright's `setOffline(true)` with a stream open",
    'the stream goes on, onLine false',
  ),
];

/** What to expect of a version: the newest measurement that is not newer than it, else the oldest there is. */
export function expectedOf(fact: BrowserFact, family: BrowserFamily, version: number): Expected | undefined {
  const known = fact.expected[family];
  return known.findLast((each) => each.version <= version) ?? known[0];
}
