import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../history/types.ts';
import { DEFAULT_CLIENT } from '../subjects/types.ts';
import { createFaultPlan } from './faults.ts';
import type { Network } from './network.ts';
import { busiestWindow, createSite, quantile } from './site.ts';
import type { Target } from './target.ts';
import { createHistoryWatch } from './watch.ts';

/** A site around a target that does only what is given. */
function site(target: Partial<Target>, planned: readonly string[] = [], publishOne = async () => undefined) {
  const records: HistoryRecord[] = [];
  const watch = createHistoryWatch((record) => records.push(record));
  const heals: (() => Promise<void>)[] = [];
  const network = {
    onHeal: (heal: () => Promise<void>) => heals.push(heal),
    refuseNewConnections: async () => ({ heal: async () => undefined }),
  } as unknown as Network;
  const made = createSite({
    target: { name: 'fake', url: () => 'http://in.front/', ...target } as Target,
    network,
    watch,
    faults: createFaultPlan(planned, watch.add),
    settings: DEFAULT_CLIENT,
    seed: 1,
    patienceMs: 1000,
    beforeKill: async () => undefined,
    publishOne,
    started: () => undefined,
    enlist: () => undefined,
  });
  const heal = async () => {
    for (const each of heals.splice(0).reverse()) await each();
  };
  const faults = () => records.flatMap((r) => (r.kind === 'fault' ? [`${r.fault} ${r.phase}`] : []));
  return { made, records, heal, faults };
}

describe('the server side of a run', () => {
  it('ends the server by SIGTERM as a planned fault, and undoes it when the run heals', async () => {
    const diary: string[] = [];
    const { made, heal, faults, records } = site(
      {
        kill: async (signal) => {
          diary.push(signal);
          return { code: 0, signal: null, pid: 7 };
        },
        restart: async () => {
          diary.push('restart');
        },
      },
      ['process/sigterm'],
    );
    expect(await made.terminate()).toMatchObject({ code: 0 });
    expect(diary).toEqual(['SIGTERM']);
    await heal();
    expect(diary).toEqual(['SIGTERM', 'restart']);
    expect(faults().map((text) => text.split(' ')[1])).toEqual(['planned', 'armed', 'fired', 'healed']);
    const fired = records.find((r) => r.kind === 'fault' && r.phase === 'fired');
    expect(fired).toMatchObject({ evidence: { pid: 7, code: 0, tookMs: expect.any(Number) } });
    await expect(made.terminate()).rejects.toMatchObject({ code: 'ERR_UNPLANNED_FAULT' });
  });

  it('names what a target has not got', async () => {
    const { made } = site({});
    await expect(made.killRedis()).rejects.toThrow('fake has no Redis behind it');
    await expect(made.replaceNode(0)).rejects.toThrow('fake has no nodes to replace');
    await expect(made.watchMemory()).rejects.toThrow('fake has no process of its own');
    await expect(made.maxBehind()).rejects.toMatchObject({ code: 'ERR_SCENARIO' });
    expect(made.directUrl()).toBe('http://in.front/');
    expect(site({ directUrl: () => 'http://past.it/' }).made.directUrl()).toBe('http://past.it/');
  });

  it('publishes until the act is over, and counts what was not acknowledged', async () => {
    let calls = 0;
    let finish: () => void = () => undefined;
    const act = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { made, records } = site({}, [], async () => {
      calls += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (calls === 2) throw new Error('refused');
      if (calls === 5) finish();
    });
    expect(await made.publishWhile(() => act)).toEqual({ acknowledged: 4, failed: 1 });
    expect(records).toContainEqual(
      expect.objectContaining({ kind: 'note', text: 'not published: Error: refused' }),
    );
  });

  it('says what the server said to a refused publication, and nothing to one that it took', async () => {
    const refusing = site({ publish: () => Promise.reject(new Error('control character')) });
    expect(await refusing.made.refuses({ type: 'tick', data: 1 })).toContain('control character');
    const taking = site({ publish: async () => [] });
    expect(await taking.made.refuses({ type: 'tick', data: 1 })).toBe('');
  });

  it('samples memory until the run heals', async () => {
    const { made, records, heal } = site({ pid: () => process.pid });
    await made.watchMemory();
    const samples = () => records.filter((r) => r.kind === 'sample' && r.name === 'server.rss').length;
    while (samples() < 3) await new Promise((resolve) => setImmediate(resolve));
    await heal();
    const last = samples();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(samples()).toBe(last);
  });
});

describe('the figures of a run', () => {
  it('finds the busiest window: from a time to just before its end', () => {
    expect(busiestWindow([], 100)).toBe(0);
    expect(busiestWindow([0, 50, 99, 100, 101], 100)).toBe(4);
    expect(busiestWindow([0, 100, 200], 100)).toBe(1);
  });

  it('gives quantiles of any list', () => {
    expect(quantile([], 0.5)).toBe(0);
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([3, 1, 2], 1)).toBe(3);
  });
});
