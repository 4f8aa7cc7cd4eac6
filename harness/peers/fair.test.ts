import { describe, expect, it } from 'vitest';
import { SseKitError } from '../../kit/protocol/index.ts';
import type { Stage } from '../runner/index.ts';
import { scenario } from '../scenarios/index.ts';
import { clientBoard, serverBoard } from './board.ts';
import { fairly } from './fair.ts';

function failingWith(error: Error) {
  return scenario({
    id: 'group/name',
    title: 'a title',
    hypothesis: 'something holds',
    steadyState: 'normal',
    guarantee: 'effectively-once',
    budget: { healMs: 1, attempts: { max: 1 } },
    needs: ['connect', 'backoff'],
    faults: [],
    run: () => Promise.reject(error),
  });
}

const timeout = (until: string) =>
  new SseKitError('ERR_SCENARIO_TIMEOUT', `waited 12000 ms in vain until ${until}`);

const play = async (error: Error): Promise<string[]> => {
  const notes: string[] = [];
  const stage = { note: (text: string) => notes.push(text) } as unknown as Stage;
  await fairly(failingWith(error), 'native/firefox', ['connect']).run(stage);
  return notes;
};

describe('judging fairly', () => {
  it("keeps the guarantee and leaves out the kit's own budgets and needs", () => {
    const fair = fairly(failingWith(new Error('unused')), 'native/firefox', ['connect']);
    expect(fair.guarantee).toBe('effectively-once');
    expect(fair.budget).toEqual({});
    expect(fair.needs).toEqual(['connect']);
  });

  it('leaves the verdict to the oracle when the subject was waited for in vain', async () => {
    expect(await play(timeout('native/firefox opened (2)'))).toEqual([
      expect.stringContaining('native/firefox opened (2)'),
    ]);
  });

  it('is a broken run when anything else was waited for in vain, or failed', async () => {
    await expect(play(timeout('sse-proxy/cut#1 fires'))).rejects.toThrow('cut#1');
    await expect(play(timeout('native/firefox-nightly opened (2)'))).rejects.toThrow('nightly');
    await expect(play(new Error('no such thing'))).rejects.toThrow('no such thing');
  });
});

describe('the board', () => {
  it('names each scenario once, and none that the catalogue lacks', () => {
    const ids = clientBoard('x').map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(26);
  });

  it('asks a server to replay wherever there are events to miss', () => {
    const needy = serverBoard('x').filter(({ needs }) => !needs.includes('replay'));
    expect(needy.map(({ id }) => id).sort()).toEqual([
      'connect/baseline',
      'connect/slow-first-byte',
      'liveness/short-stall',
      'order/jitter',
    ]);
  });
});
