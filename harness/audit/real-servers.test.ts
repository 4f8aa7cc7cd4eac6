import { afterAll, describe, expect, it } from 'vitest';
import { nodeHandler } from '../../kit/adapters/node-http.ts';
import { createEventStream } from '../../kit/server/index.ts';
import { findProgram, startFrontProxy } from '../front-proxies/index.ts';
import { type AuditReport, type AuditTarget, judgeAudit, observe } from './index.ts';
import { type RawServer, rawServer, serve } from './testing/servers.ts';

const stops: Array<() => unknown> = [];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** Long enough for a server that says something every tenth of a second, also on a busy machine. */
const FOR_MS = 4000;

async function audit(url: string, more: Partial<AuditTarget> = {}) {
  const target = { url: new URL(url), shownUrl: url, headers: {}, origin: null, forMs: FOR_MS, idleMs: 1500 };
  return judgeAudit(await observe({ ...target, ...more }));
}

async function auditRaw(options: RawServer, more: Partial<AuditTarget> = {}) {
  const server = await rawServer(options);
  stops.push(server.stop);
  return audit(server.url, more);
}

function verdicts({ checks }: AuditReport): Record<string, string> {
  return Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]));
}

function why({ checks }: AuditReport, id: string): string {
  return checks.find((check) => check.id === id)?.why ?? '';
}

async function kitServer() {
  const stream = createEventStream({
    name: 'orders',
    heartbeatMs: 300,
    cors: { origins: ['https://shop.example'] },
  });
  const server = await serve(nodeHandler(stream));
  let n = 0;
  // Pauses in which it is idle, so that it has to say something of its own accord.
  const timer = setInterval(() => ++n % 12 < 6 && void stream.publish('order.created', { n }), 100);
  stops.push(async () => {
    clearInterval(timer);
    await stream.close();
    server.stop();
  });
  return server;
}

describe.concurrent('an audit of', () => {
  it('this kit’s server finds nothing', async () => {
    const { url } = await kitServer();
    const report = await audit(url, { origin: 'https://shop.example' });
    expect(report.checks.filter(({ verdict }) => verdict !== 'pass')).toMatchObject([
      { id: 'drain', verdict: 'unknown', why: 'the server did not close during the audit' },
    ]);
    expect(report).toMatchObject({ version: 1, grade: 'A', faults: [], counts: { warn: 0, fail: 0 } });
  });

  it('a server without ids says what they are for', async () => {
    const report = await auditRaw({ ids: false });
    expect(verdicts(report)).toMatchObject({
      ids: 'fail',
      resume: 'unknown',
      gap: 'unknown',
      status: 'pass',
    });
    expect(report.grade).toBe('C');
  });

  it('a good server of another make finds that it resumes exactly, and what it keeps quiet', async () => {
    const report = await auditRaw({});
    expect(verdicts(report)).toMatchObject({ ids: 'pass', resume: 'pass', buffering: 'pass', retry: 'warn' });
    expect(why(report, 'resume')).toMatch(/^exact: [1-9]/);
    expect(why(report, 'gap')).toMatch(/without a word|as if nothing was lost/);
  });

  it('a server with the wrong content type grades it as no event stream', async () => {
    const report = await auditRaw({ contentType: 'text/plain' });
    expect(verdicts(report)).toMatchObject({ 'content-type': 'fail', status: 'pass' });
    expect(report.grade).toBe('F');
  });

  it('one that replays from the start', async () => {
    const report = await auditRaw({ onCursor: 'from-start' });
    expect(verdicts(report)).toMatchObject({ resume: 'fail', ids: 'pass', gap: 'warn' });
    expect(why(report, 'resume')).toMatch(/again that came before the cursor/);
  });

  it('one that repeats an event on resume', async () => {
    const report = await auditRaw({ onCursor: 'from-cursor' });
    expect(why(report, 'resume')).toBe('repeats the event that the cursor names');
  });

  it('one that goes on live after a disconnect counts what is lost', async () => {
    const report = await auditRaw({ onCursor: 'live' });
    expect(why(report, 'resume')).toMatch(/^goes on live: \d+ events? after the cursor never came/);
    expect(verdicts(report)).toMatchObject({ resume: 'fail', gap: 'fail' });
  });

  it('one that never speaks when idle', async () => {
    const report = await auditRaw({ everyMs: 0 });
    expect(why(report, 'heartbeat')).toMatch(/^said nothing for [34]/);
    expect(verdicts(report)).toMatchObject({ heartbeat: 'fail', buffering: 'unknown' });
    const good = await auditRaw({ everyMs: 0, heartbeatMs: 300 });
    expect(verdicts(good)).toMatchObject({ heartbeat: 'pass' });
  });

  it('one that compresses and buffers compares it with the same without compression', async () => {
    const report = await auditRaw({ gzip: true });
    expect(why(report, 'compression')).toMatch(/^gzip holds events back: nothing; without it \d+ ms/);
    expect(verdicts(report)).toMatchObject({ compression: 'fail', ids: 'unknown', resume: 'unknown' });
    expect(report.faults).toMatchObject([{ name: 'compression-buffering' }]);
  });

  it.skipIf(findProgram('nginx') === null)('nginx that buffers names it (needs nginx)', async () => {
    const server = await rawServer({ stamped: true, size: 300 });
    stops.push(server.stop);
    const front = await startFrontProxy('nginx', server.port);
    stops.push(front.stop);
    const report = await audit(`http://127.0.0.1:${front.port}/events`, { forMs: 8000 });
    expect(report.faults).toMatchObject([{ name: 'response-buffering' }]);
    expect(verdicts(report)).toMatchObject({ buffering: 'fail' });
    expect(report.path).toEqual([expect.stringContaining('nginx')]);
  });

  it.skipIf(findProgram('nginx') === null)(
    'this kit behind the same nginx finds nothing (needs nginx)',
    async () => {
      const { port } = await kitServer();
      const front = await startFrontProxy('nginx', port);
      stops.push(front.stop);
      const report = await audit(`http://127.0.0.1:${front.port}/events`);
      expect(report).toMatchObject({ grade: 'A', faults: [] });
    },
  );

  it('a redirect sends the headers to its own origin alone', async () => {
    const elsewhere: unknown[] = [];
    const there = await serve((request, response) => {
      elsewhere.push(request.headers['x-key']);
      response.writeHead(404).end();
    });
    const heard: unknown[] = [];
    const here = await serve((request, response) => {
      heard.push(request.headers['x-key']);
      response.writeHead(307, { location: there.url }).end();
    });
    stops.push(there.stop, here.stop);
    const report = await audit(here.url, { headers: { 'x-key': 'hidden' } });
    expect(heard).toEqual(['hidden']);
    expect(new Set(elsewhere)).toEqual(new Set([undefined]));
    expect(why(report, 'status')).toBe('404 instead of 200');
    expect(JSON.stringify(report)).not.toContain('hidden');
  });

  it.each(['ftp://127.0.0.1/', 'http://', '/events'])(
    'a redirect to %s ends, and says so',
    async (location) => {
      const { url, stop } = await serve((_request, response) => response.writeHead(302, { location }).end());
      stops.push(stop);
      expect(why(await audit(url), 'status')).toBe('302 instead of 200');
    },
  );
});
