import { connect } from 'sse-reliability-kit/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Served, serve } from '../testing/serve.ts';
import { ask } from './client.ts';
import { createChat } from './server.ts';

const ANSWER = ['Four', ' ', 'is', '\n', '4', ', or', ' {', '2', '\n\n', '+2}', ' ', '✓'];

let prompts: string[];
/** Lets the model say one more token. */
let say: (count: number) => void;
let served: Served;
let chat: ReturnType<typeof createChat>;

beforeEach(async () => {
  prompts = [];
  let allowed = 0;
  let wake: () => void = () => undefined;
  say = (count) => {
    allowed += count;
    wake();
  };
  chat = createChat(async function* (prompt) {
    prompts.push(prompt);
    for (const token of ANSWER) {
      while (allowed === 0) await new Promise<void>((resolve) => (wake = resolve));
      allowed--;
      if (prompt === 'break' && token === '4') throw new Error('no more money');
      yield token;
    }
  });
  served = await serve(chat.app);
});

afterEach(async () => {
  await chat.hub.close();
  await served.close();
});

describe('docs/guides/llm-token-streams.md', () => {
  it('gives every token once and in order over a connection that is cut, and asks the model once', async () => {
    const shown: string[] = [];
    const asked = ask(served.origin, 'What is 2 + 2?', (token) => shown.push(token));
    say(3);
    await vi.waitFor(() => expect(shown).toEqual(ANSWER.slice(0, 3)));
    served.cut();
    say(4);
    await vi.waitFor(() => expect(shown).toEqual(ANSWER.slice(0, 7)), 10_000);
    served.cut();
    say(100);
    await asked;
    expect(shown).toEqual(ANSWER);
    expect(prompts).toEqual(['What is 2 + 2?']);
  });

  it('lets another window join late, or after the end, from the first token', async () => {
    const shown: string[] = [];
    const asked = ask(served.origin, 'q', (token) => shown.push(token));
    say(5);
    await vi.waitFor(() => expect(shown).toHaveLength(5));
    const [generation] = chat.hub.keys();
    const join = () => {
      const seen: string[] = [];
      const stream = connect<{ token: string }>(`${served.origin}/generations/${generation}`, {
        format: 'text',
        onEvent: ({ data }) => seen.push(data),
      });
      return stream.closed.then((reason) => ({ seen, reason }));
    };
    const late = join();
    await vi.waitFor(() => expect(chat.hub.connections).toBe(2));
    say(100);
    await asked;
    const whole = { seen: ANSWER, reason: { type: 'complete' } };
    expect(await late).toEqual(whole);
    expect(await join()).toEqual(whole);
    expect(prompts).toHaveLength(1);
  });

  it('says when the model fails in the middle', async () => {
    const shown: string[] = [];
    say(100);
    await expect(ask(served.origin, 'break', (token) => shown.push(token))).rejects.toThrow('no more money');
    expect(shown).toEqual(ANSWER.slice(0, 4));
  });

  it('never begins a generation for a reconnect, or for a reader', async () => {
    const url = `${served.origin}/generations/unknown`;
    const again = await fetch(url, { method: 'POST', headers: { 'Last-Event-ID': 'epoch123.4' } });
    expect([again.status, (await fetch(url)).status]).toEqual([404, 404]);
    expect(prompts).toEqual([]);
  });
});
