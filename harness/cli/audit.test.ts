import { afterEach, describe, expect, it } from 'vitest';
import type { AuditReport } from '../audit/index.ts';
import { rawServer, serve, type TestServer } from '../audit/testing/servers.ts';
import { auditCard } from './audit-card.ts';
import { sse } from './run-here.fixture.ts';

const servers: TestServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.stop();
});

async function keep(started: Promise<TestServer>): Promise<string> {
  const server = await started;
  servers.push(server);
  return server.url;
}

const REPORT: AuditReport = {
  version: 1,
  url: 'http://x/events',
  at: '2026-11-22T00:00:00.000Z',
  grade: 'C',
  counts: { pass: 1, warn: 0, fail: 1, unknown: 0 },
  path: ['nginx'],
  faults: [{ name: 'response-buffering', why: 'held back '.repeat(12) }],
  checks: [
    { id: 'status', title: 'Status', verdict: 'pass', why: '200', evidence: ['status 200'] },
    {
      id: 'buffering',
      title: 'Buffering',
      verdict: 'fail',
      why: 'sent \u001b[2J in bursts '.repeat(6),
      hint: 'turn it off '.repeat(12),
      link: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering',
      evidence: ['30 frames in 3 pieces'],
    },
  ],
};

describe('the card', () => {
  it.each([
    [undefined, 80],
    [200, 80],
    [60, 60],
  ])('for a terminal of %s columns is %i wide', (columns, width) => {
    const lines = auditCard(
      { ...REPORT, checks: REPORT.checks.map(({ link: _, ...check }) => check) },
      {
        colour: false,
        columns,
      },
    ).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBe(width);
  });

  it('says grade, why, evidence, what to change, and the fault of the proxy', () => {
    const card = auditCard(REPORT, { colour: false });
    expect(card).toMatch(/^ Grade C {2}one thing breaks streams {2}1 pass · 1 fail$/m);
    expect(card).toMatch(/^ ✓ Status {9}200$/m);
    expect(card).toMatch(/^ ✗ Buffering {6}sent \\u001b\[2J in bursts/m);
    expect(card).toMatch(/^ +seen: 30 frames in 3 pieces$/m);
    expect(card).toMatch(/^ +→ turn it off/m);
    expect(card).toMatch(/^ +https:\/\/nginx\.org\/\S+#proxy_buffering$/m);
    expect(card).toMatch(/^ Proxy fault {2}response-buffering: held back/m);
  });
});

describe('sse-kit audit', () => {
  it('prints a card, and ends with 1 where something fails', async () => {
    const { code, out, err } = await sse(`audit ${await keep(rawServer({ ids: false }))} --for 1s`);
    expect(out).toMatch(/^ Grade C/m);
    expect(out).toMatch(/^ ✗ Event ids/m);
    expect(err).toMatch(/^listening to http:\S+ for 1 s\n$/);
    expect(code).toBe(1);
  });

  it('gives machines a shape that stays', async () => {
    const { out } = await sse(`audit ${await keep(rawServer())} --for 1s --json`);
    const report = JSON.parse(out) as AuditReport;
    expect(Object.keys(report)).toEqual([
      'version',
      'url',
      'at',
      'grade',
      'counts',
      'path',
      'faults',
      'checks',
    ]);
    expect(report.checks.map(({ id }) => id)).toEqual([
      'status',
      'content-type',
      'cache-control',
      'compression',
      'first-byte',
      'buffering',
      'heartbeat',
      'ids',
      'resume',
      'gap',
      'retry',
      'cors',
      'http',
      'methods',
      'drain',
    ]);
    expect(report.checks.every(({ why, evidence }) => why !== '' && Array.isArray(evidence))).toBe(true);
  });

  it('lets warnings pass, or not', async () => {
    const url = await keep(rawServer()); // without `retry:`, and an unknown id is met with silence
    const lenient = await sse(`audit ${url} --for 2s --json`);
    expect(JSON.parse(lenient.out).counts).toMatchObject({ fail: 0, warn: expect.any(Number) });
    expect(lenient.code).toBe(0);
    expect((await sse(`audit ${url} --for 2s --fail-on warn`)).code).toBe(1);
  });

  it('prints no header, nor the query of the URL, nor the password in it', async () => {
    const heard: unknown[] = [];
    const url = await keep(
      serve((request, response) => {
        heard.push(request.headers['x-key'], request.url);
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
      }),
    );
    const secret = `${url.replace('//', '//user:hidden1@')}?token=hidden2`;
    for (const format of ['', ' --json']) {
      const { out, err } = await sse(`audit ${secret} -H x-key:hidden3 --for 500ms${format}`);
      expect(out + err).not.toContain('hidden');
    }
    expect(heard.slice(0, 2)).toEqual(['hidden3', '/events?token=hidden2']);
  });

  it('ends early when it is interrupted, with what was seen until then', async () => {
    const url = await keep(rawServer());
    const { code, out } = await sse(`audit ${url} --for 1h`, {
      interrupted: () => new Promise((resolve) => setTimeout(resolve, 300)),
    });
    expect(out).toMatch(/^ ✓ Content type/m);
    expect(code).toBeLessThan(2);
  });

  it.each([
    [
      'nobody',
      'audit http://127.0.0.1:1/ --for 1s',
      'no answer from http://127.0.0.1:1/: connect ECONNREFUSED',
    ],
    ['no URL', 'audit nowhere', 'not an http URL'],
    ['an origin with a path', 'audit http://x/ --origin https://a/b', '--origin https://a'],
    ['an unknown verdict', 'audit http://x/ --fail-on unknown', 'Allowed choices are warn, fail'],
    ['a header without a colon', 'audit http://x/ -H hidden', 'header 1 is not of the form name:value'],
  ])('ends with 2 for %s', async (_, args, message) => {
    const { code, out, err } = await sse(args);
    expect(err).toContain(message);
    expect(err).not.toContain('hidden');
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});
