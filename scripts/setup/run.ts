import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { acquireToxiproxy } from '../../harness/toxiproxy/index.ts';
import type { Action, SetupStep } from './plan.ts';

/** What became of one step. `missing` is a failure only where the step was required. */
export interface StepResult {
  readonly title: string;
  readonly state: 'present' | 'installed' | 'missing';
  readonly required: boolean;
  readonly detail: string;
}

/** Performs one action and says what it got; throws with a reason that a person can use. */
export type Perform = (action: Action) => Promise<string>;

/** Runs one step: its tries in order until one works. */
export async function runStep(step: SetupStep, perform: Perform): Promise<StepResult> {
  const { title } = step;
  if (step.kind === 'present') return { title, state: 'present', required: true, detail: step.detail };
  if (step.kind === 'absent')
    return { title, state: 'missing', required: step.required, detail: step.detail };
  const reasons: string[] = [];
  for (const action of step.tries) {
    try {
      const detail = await perform(action);
      const detour = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
      return { title, state: 'installed', required: step.required, detail: `${detail}${detour}` };
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { title, state: 'missing', required: step.required, detail: reasons.join('; ') };
}

const PLAYWRIGHT_DEADLINE_MS = 180_000;
const PACKAGES_DEADLINE_MS = 300_000;

/** Performs actions on this machine. */
export function performer(): Perform {
  let indexed = false;
  return async (action) => {
    switch (action.do) {
      case 'playwright-install':
        await command(
          ['node_modules/.bin/playwright', 'install', ...action.browsers],
          PLAYWRIGHT_DEADLINE_MS,
        );
        return `Playwright's build of ${action.browsers.join(', ')}`;
      case 'packages': {
        const apt = [...action.prefix, 'apt-get', '-qq'];
        if (!indexed) await command([...apt, 'update'], PACKAGES_DEADLINE_MS);
        indexed = true;
        await command(
          [...apt, 'install', '-y', '--no-install-recommends', ...action.names],
          PACKAGES_DEADLINE_MS,
        );
        return `package ${action.names.join(', ')}`;
      }
      case 'toxiproxy': {
        const server = await acquireToxiproxy();
        const { engine, version, source } = server;
        await server.stop();
        return engine === 'toxiproxy' ? `${version}, from ${source}` : `the embedded stand-in (${source})`;
      }
    }
  };
}

/** Runs a command to its end; on failure or deadline throws with the last line that it said. */
async function command(words: readonly string[], deadlineMs: number): Promise<void> {
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: deadlineMs,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const [code, signal] = await once(child, 'close');
  if (code === 0) return;
  const reason = signal ? `no result within ${deadlineMs / 1000} s` : lastWords(said);
  throw new Error(`${words.join(' ')}: ${reason}`);
}

function lastWords(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /^(E:|Error:)|fail|unable|not found/i.test(line));
  return telling[0] ?? lines.findLast((line) => line !== '') ?? 'no output';
}
