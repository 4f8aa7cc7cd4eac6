import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
// The one place where a test of the harness needs a server to run against.
import { demoServers } from '../../fixtures/servers/index.ts';
import { writeSampleResults } from '../report/testing/sample-results.ts';
import { scenarios } from '../scenarios/index.ts';
import type { CliServer } from './index.ts';
import { sse } from './run-here.fixture.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});
function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sse-kit-cli-'));
  dirs.push(dir);
  return dir;
}

function demo(): CliServer {
  const [server] = demoServers;
  if (!server) throw new Error('there is no demo server');
  return server;
}

describe('sse-kit scenarios', () => {
  it('lists every scenario by its stable id, one a line', async () => {
    const { code, out } = await sse('scenarios --list');
    expect(code).toBe(0);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(scenarios.map(({ id }) => id));
  });

  it('filters by tag', async () => {
    const { out } = await sse('scenarios --tag connect --json');
    const listed = JSON.parse(out) as { id: string; hypothesis: string }[];
    expect(listed.length).toBeGreaterThan(1);
    expect(listed.every(({ id, hypothesis }) => id.startsWith('connect/') && hypothesis.length > 10)).toBe(
      true,
    );
  });

  it('says which tags there are when one is wrong', async () => {
    const { code, err } = await sse('scenarios --tag nosuch');
    expect(code).toBe(2);
    expect(err).toMatch(/no tag "nosuch"; there are .*connect, .*security/);
  });

  it('paints only where colours show', async () => {
    const escapeCode = '\u001b[';
    expect((await sse('scenarios', { colour: true })).out).toContain(escapeCode);
    expect((await sse('scenarios')).out).not.toContain(escapeCode);
  });
});

describe('sse-kit run refuses, with exit code 2 and before anything is started,', () => {
  it.each([
    ['nothing to run', 'run', 'name scenarios by id, or use --tag or --all'],
    ['an id that does not exist', 'run connect/baselin', 'near: connect/baseline'],
    ['a group in the place of an id', 'run resume', 'near: resume/'],
    ['--all beside ids', 'run --all connect/baseline', '--all means every scenario'],
    ['a seed that is no number', 'run --all --seed x', 'whole number of at least 0, got "x"'],
    ['a negative seed', 'run --all --seed=-1', 'whole number of at least 0, got "-1"'],
    ['a patience of nothing', 'run --all --patience 0', 'whole number of at least 1, got "0"'],
    ['an unknown server', 'run --all --server koa', 'Allowed choices are express, fastify'],
    ['an unknown option', 'run --al', 'Did you mean --all?'],
    ['an unknown command', 'rum', 'Did you mean run?'],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await sse(args);
    expect(err).toContain(message);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  it('a framework that is not installed, by its name', async () => {
    const loadServers = () =>
      Promise.reject(
        Object.assign(new Error("Cannot find package 'express' imported from /x.js"), {
          code: 'ERR_MODULE_NOT_FOUND',
        }),
      );
    const { code, err } = await sse('run connect/baseline', { loadServers });
    expect(err).toContain('npm install --save-dev express');
    expect(code).toBe(2);
  });

  it('a server whose packages are not installed, by their names', async () => {
    const { code, out, err } = await sse('run connect/baseline', {
      loadServers: async () => [{ ...demo(), missingPackages: () => ['express', 'prom-client'] }],
    });
    expect(err).toContain('npm install --save-dev express prom-client');
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('what the system refuses, without a stack', async () => {
    const { code, err } = await sse('run connect/baseline --out package.json', {
      loadServers: async () => demoServers,
    });
    expect(err).toMatch(/^error ENOTDIR: .*\n$/m);
    expect(err).not.toContain('    at ');
    expect(code).toBe(2);
  });
});

describe('sse-kit run', () => {
  it('plays connect/baseline, judges it true, and leaves artefacts and a report', async () => {
    const dir = scratch();
    const { code, out, err } = await sse(`run connect/baseline --seed 7 --json --out ${dir}`, {
      loadServers: async () => demoServers,
    });
    expect(err).toContain('seed    7');
    const { seed, counts, outcomes, report } = JSON.parse(out);
    expect({ seed, counts, code }).toEqual({
      seed: 7,
      counts: { passed: 1, failed: 0, unknown: 0, skipped: 0 },
      code: 0,
    });
    const [{ dir: artefacts }] = outcomes;
    expect(readFileSync(join(artefacts, 'history.ndjson'), 'utf8')).toContain('"kind":"processed"');
    expect(JSON.parse(readFileSync(join(artefacts, 'result.json'), 'utf8'))).toMatchObject({
      id: 'connect/baseline',
      subject: 'kit/node',
      server: 'express',
      verdict: true,
    });
    expect(readFileSync(report, 'utf8')).toContain('connect/baseline');
  }, 60_000);

  it('says what client and server counted before the fault, and after', async () => {
    const dir = scratch();
    await sse(`run disconnect/true-rst --json --out ${dir}`, { loadServers: async () => demoServers });
    const result = JSON.parse(readFileSync(join(dir, 'disconnect-true-rst-express/result.json'), 'utf8'));
    const { before, after } = result.metrics;
    const disconnects = 'sse_client_disconnects_total{cause="network"}';
    expect({ before: before[disconnects] ?? 0, after: after[disconnects] }).toEqual({ before: 0, after: 1 });
    expect(before.sse_client_events_processed_total).toBe(10);
  }, 60_000);

  it('skips by name what needs a package that is not installed', async () => {
    const poor: CliServer = {
      ...demo(),
      missingPackages: ({ log }) => (log === 'durable' ? ['classic-level'] : []),
    };
    const { code, out } = await sse(`run deploy/sigkill-durable --out ${scratch()}`, {
      loadServers: async () => [poor],
    });
    expect(out).toContain('kit/node on express lacks the package classic-level');
    expect(code).toBe(2);
  }, 60_000);

  it('skips by name what the server cannot do, and does not call that a success', async () => {
    const dir = scratch();
    const lame = { ...demo(), capabilities: new Set<never>() };
    const { code, out } = await sse(`run deploy/sigkill-memory --out ${dir}`, {
      loadServers: async () => [lame],
    });
    expect(out).toMatch(/– skipped deploy\/sigkill-memory · express \(kit\/node on express lacks .*kill/);
    expect(code).toBe(2);
  }, 60_000);
});

describe('sse-kit report', () => {
  it('adds up a folder and fails when the kit failed a run', async () => {
    const dir = scratch();
    writeSampleResults(dir);
    const { code, out } = await sse(`report ${dir} --json`);
    const { gating, files } = JSON.parse(out);
    expect(gating.failed).toBe(1);
    expect(code).toBe(1);
    expect(existsSync(files.html)).toBe(true);
  });

  it('counts a file that is not a list of mutants as broken', async () => {
    const dir = scratch();
    writeSampleResults(dir);
    const { code, err } = await sse(`report ${dir} --mutants package.json`);
    expect(err).toMatch(/^cannot read .*package\.json: not as a run writes it\n$/);
    expect(code).toBe(1);
  });

  it('says so when there is no such folder, or nothing in it', async () => {
    expect(await sse('report /nowhere/at/all')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no folder'),
    });
    expect(await sse(`report ${scratch()}`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('no results in'),
    });
  });
});

describe('sse-kit toxiproxy', () => {
  it('keeps the embedded stand-in until it is interrupted, and prints where it listens', async () => {
    let end: () => void = () => undefined;
    const interrupted = new Promise<void>((resolve) => {
      end = resolve;
    });
    let version: Promise<Response> | undefined;
    const { code, out } = await sse('toxiproxy start --engine embedded', {
      interrupted: () => interrupted,
      out: (text) => {
        version = fetch(`${text.trim().replace('TOXIPROXY_URL=', '')}/version`);
        void version.finally(end);
      },
    });
    expect(out).toBe('');
    expect((await version)?.status).toBe(200);
    expect(code).toBe(0);
  });
});
