import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sse } from './run-here.fixture.ts';

const dirs: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});
function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sse-kit-simulate-'));
  dirs.push(dir);
  return dir;
}

describe('sse-kit simulate', () => {
  it('plays as many schedules as it is told, and says what it went through', async () => {
    const { code, out, err } = await sse('simulate --seed 1 --schedules 10');
    expect(out).toMatch(/^✓ every promise held: 10 schedules of seed 1, 0 false, 0 unknown\n/);
    expect(out).toMatch(/virtual hours in .* schedules a minute\nfaults that bit: .*crash \d+/);
    expect(err).toBe('seed 1\n');
    expect(code).toBe(0);
  });

  it('says the same as JSON', async () => {
    const { code, out, err } = await sse('simulate --seed 1 --schedules 10 --json');
    const result = JSON.parse(out);
    expect(result).toMatchObject({ seed: 1, passed: 10, failed: 0, unknown: 0, convictions: [] });
    expect(result.checks).toMatchObject({ loss: expect.any(Number), duplicates: 10 });
    expect(Object.keys(result.faults).length).toBeGreaterThan(5);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('ends when its time is up, or when it is interrupted', async () => {
    const some = await sse('simulate --for 200ms --seed 2 --json');
    expect(some.code).toBe(0);
    expect(JSON.parse(some.out).passed).toBeGreaterThan(0);
    const interrupted = () => new Promise<void>((resolve) => setTimeout(resolve, 200));
    const fewer = await sse('simulate --schedules 1000000 --seed 2', { interrupted });
    expect(fewer.out).toContain('every promise held');
    expect(fewer.code).toBe(0);
  });

  it('shows its progress on a terminal, and takes it away again', async () => {
    const { err } = await sse('simulate --for 500ms --seed 2', { columns: 80 });
    expect(err).toMatch(/\r\d+ schedules/);
    expect(err.endsWith('\r\u001b[K')).toBe(true);
  });

  it('plays one schedule again, by its numbers', async () => {
    const { code, out } = await sse('simulate --replay 1:5');
    expect(out).toMatch(/^✓ true \d+ checks hold\n {2}setup: /);
    expect(code).toBe(0);
    const { history, schedule, verdict } = JSON.parse((await sse('simulate --replay 1:5 --json')).out);
    expect(verdict.verdict).toBe(true);
    expect(schedule.steps.length).toBeGreaterThan(1);
    expect(history[0]).toMatchObject({ kind: 'state', subject: 'client 1', state: 'connecting' });
  });

  it('plays one from a file', async () => {
    const file = join(scratch(), 'schedule.json');
    writeFileSync(file, '{"seed": 1, "steps": [{"at": 100, "do": "publish", "count": 2, "bytes": 10}]}');
    const { code, out } = await sse(`simulate --replay ${file}`);
    expect(out).toContain('#1     0.100 s  publish   count 2, bytes 10');
    expect(code).toBe(0);
  });

  it('fails when a promise is broken, and leaves the smallest schedule that breaks it', async () => {
    const { checkers } = await import('../oracle/judge.ts');
    // A bug that stays is not to be had, so the judge is bribed.
    vi.spyOn(checkers, 'loss').mockImplementation((history) => {
      const [evidence] = history.filter(({ kind }) => kind === 'deduped');
      return {
        valid: evidence === undefined,
        summary: 'a duplicate is a crime',
        evidence: evidence ? [evidence] : [],
        counts: {},
        applied: true,
      };
    });
    const dir = scratch();
    const { code, out } = await sse(`simulate --seed 1 --schedules 40 --out ${dir}`);
    expect(code).toBe(1);
    expect(out).toMatch(/^✗ a promise was broken: 40 schedules of seed 1, \d+ false, 0 unknown\n/);
    expect(out).toMatch(/✗ loss: a duplicate is a crime\n {2}setup: .*\n {2}#1 /);
    const [file = ''] = readdirSync(dir);
    expect(out).toContain(`npx sse-kit simulate --replay ${join(dir, file)}\n`);
    const again = await sse(`simulate --replay ${join(dir, file)}`);
    expect(again.out).toMatch(/^✗ false loss: a duplicate is a crime\n/);
    expect(again.code).toBe(1);
  });

  it.each([
    ['a seed that is no number', 'simulate --seed x', 'whole number of at least 0'],
    ['no schedule at all', 'simulate --schedules 0', 'whole number of at least 1'],
    ['a number and a time', 'simulate --schedules 5 --for 1s', 'cannot be used with option'],
    ['half a number', 'simulate --replay 5', '<seed>:<number> or a file'],
    ['a file that is not there', 'simulate --replay nowhere.json', 'ENOENT'],
    ['a file that is no schedule', 'simulate --replay package.json', 'a schedule has a number `seed`'],
  ])('ends with 2 for %s', async (_, args, message) => {
    const { code, out, err } = await sse(args);
    expect(err).toContain(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('writes nothing where nothing failed', async () => {
    const dir = join(scratch(), 'never');
    await sse(`simulate --seed 1 --schedules 2 --out ${dir}`);
    expect(existsSync(dir)).toBe(false);
  });

  it('paints only where colours show', async () => {
    const escapeCode = '\u001b[';
    expect((await sse('simulate --seed 1 --schedules 1', { colour: true })).out).toContain(escapeCode);
    expect((await sse('simulate --seed 1 --schedules 1')).out).not.toContain(escapeCode);
  });
});
