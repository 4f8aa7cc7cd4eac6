import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../testing/index.ts';
import { createMember } from './member.ts';
import type { Item, LeaderMessage, TabMessage } from './messages.ts';

const event = (seq: number): Item => ({ kind: 'event', type: 't', id: `epochAAAA.${seq}`, raw: String(seq) });
const item = (from: string, seq: number): LeaderMessage => ({ type: 'item', from, item: event(seq) });

/** A tab that asked for everything after position 1, and what its response holds so far. */
async function tab() {
  const clock = new VirtualClock();
  const posted: TabMessage[] = [];
  const member = createMember({
    self: 'tab',
    clock,
    post: (message) => posted.push(message),
    leaderLost: () => undefined,
    pingMs: 10_000,
    leaderTimeoutMs: 5000,
    bufferBytes: 10_000,
  });
  const answer = member.transport({
    url: 'http://s/',
    method: 'GET',
    headers: { 'last-event-id': 'epochAAAA.1' },
    body: null,
    credentials: 'same-origin',
    signal: new AbortController().signal,
  });
  const attach = (from: string): void => {
    const n = posted.findLast((message) => message.type === 'ask')?.n ?? 0;
    member.receive({ type: 'attach', from, to: 'tab', n, url: 'http://s/', open: null, id: null, items: [] });
  };
  const read = async (): Promise<string[]> => {
    const { body } = await answer;
    member.leave(); // what is queued is still read
    const seen: string[] = [];
    for (;;) {
      let chunk: Uint8Array | null | undefined;
      try {
        chunk = await body?.read();
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_TAB_AWAY' });
        return seen;
      }
      if (!chunk) return expect.unreachable('it ends with the reason');
      seen.push(/^data: (.*)$/m.exec(new TextDecoder().decode(chunk))?.[1] ?? '');
    }
  };
  return { member, attach, read };
}

describe('a member takes items', () => {
  it('of the leader that attached it, and none from before that', async () => {
    const { member, attach, read } = await tab();
    member.receive(item('leader', 2));
    attach('leader');
    member.receive(item('leader', 3));
    expect(await read()).toEqual(['3']);
  });

  it('of no other tab that leads, or believes that it does', async () => {
    const { member, attach, read } = await tab();
    attach('leader');
    member.receive(item('deposed', 2));
    member.receive(item('leader', 3));
    expect(await read()).toEqual(['3']);
  });

  it('of a new leader only when it was attached anew', async () => {
    const { member, attach, read } = await tab();
    attach('first');
    member.receive(item('first', 2));
    member.receive({ type: 'lead', from: 'second' });
    member.receive(item('first', 5));
    member.receive(item('second', 4));
    attach('second');
    member.receive(item('second', 3));
    expect(await read()).toEqual(['2', '3']);
  });
});
