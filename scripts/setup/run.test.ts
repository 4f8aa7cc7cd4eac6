import { describe, expect, it } from 'vitest';
import type { Action, SetupStep } from './plan.ts';
import { runStep } from './run.ts';

const download: Action = { do: 'playwright-install', browsers: ['chromium'] };
const apt: Action = { do: 'packages', prefix: [], names: ['chromium'] };
const step: SetupStep = { title: 'chromium', kind: 'install', tries: [download, apt], required: true };

describe('a setup step', () => {
  it('stops at the first try that works', async () => {
    const done: Action[] = [];
    const result = await runStep(step, async (action) => {
      done.push(action);
      return 'got it';
    });
    expect(result).toEqual({ title: 'chromium', state: 'installed', required: true, detail: 'got it' });
    expect(done).toEqual([download]);
  });

  it('goes on with the fallback and says why it had to', async () => {
    const result = await runStep(step, async (action) => {
      if (action === download) throw new Error('no such host');
      return 'package chromium';
    });
    expect(result).toMatchObject({ state: 'installed', detail: 'package chromium (no such host)' });
  });

  it('is missing when no try worked, with every reason', async () => {
    const result = await runStep(step, async (action) => {
      throw new Error(`${action.do} failed`);
    });
    expect(result).toMatchObject({
      state: 'missing',
      required: true,
      detail: 'playwright-install failed; packages failed',
    });
  });

  it('touches nothing when it is present or cannot be installed', async () => {
    const refuse = async (): Promise<string> => {
      throw new Error('must not be called');
    };
    expect(await runStep({ title: 'a', kind: 'present', detail: '/a' }, refuse)).toMatchObject({
      state: 'present',
    });
    expect(
      await runStep({ title: 'b', kind: 'absent', detail: 'brew install b', required: false }, refuse),
    ).toEqual({ title: 'b', state: 'missing', required: false, detail: 'brew install b' });
  });
});
