import { describe, expect, it } from 'vitest';
import type { StreamOpen } from '../../protocol/control.ts';
import { VirtualClock } from '../../testing/index.ts';
import { createLeader, type UpstreamSink } from './leader.ts';
import type { Item, LeaderMessage } from './messages.ts';

const EPOCH = 'epochAAAA';
const id = (seq: number) => `${EPOCH}.${seq}`;
const event = (seq: number): Item => ({ kind: 'event', type: 't', id: id(seq), raw: String(seq) });
const server = (resume: StreamOpen['resume'], head = 9): StreamOpen => ({
  stream: 's',
  epoch: EPOCH,
  head,
  oldest: 1,
  resume,
  heartbeatMs: 0,
  connection: 'c',
  protocol: 1,
});

/** A leader whose connection a test plays, and what it tells tabs that ask. */
function lead() {
  const clock = new VirtualClock();
  const posted: LeaderMessage[] = [];
  const upstreams: Array<{ readonly cursor: string | null; readonly sink: UpstreamSink }> = [];
  const leader = createLeader({
    self: 'leader',
    clock,
    post: (message) => posted.push(message),
    openUpstream(cursor, sink) {
      upstreams.push({ cursor, sink });
      return { close: () => undefined };
    },
    gatherMs: 10,
    ring: { events: 5, bytes: 1000 },
  });
  let n = 0;
  return {
    upstreams,
    async ask(tab: string, cursor: string | null): Promise<void> {
      leader.receive({ type: 'ask', from: tab, n: ++n, cursor });
      await clock.advance(10);
    },
    sink: () => upstreams.at(-1)?.sink ?? expect.unreachable('no connection was made'),
    /** What the tab was told last: how its cursor was met, the id it begins with, and the events it is given. */
    told(tab: string) {
      const attach = posted.findLast((message) => message.type === 'attach' && message.to === tab);
      if (attach?.type !== 'attach') return null;
      const given = attach.items.map((item) => (item.kind === 'event' ? item.raw : item.kind));
      return [attach.open?.resume, attach.id, given.join()];
    },
  };
}

describe('what a leader says of a tab’s cursor', () => {
  it('is what the server said to the same cursor', async () => {
    for (const resume of ['ok', 'gap'] as const) {
      const { ask, sink, told } = lead();
      await ask('a', id(4));
      sink().opened('http://s/', server(resume), id(4));
      expect(told('a')).toEqual([resume, id(4), '']);
    }
  });

  it('is ok for a cursor within what it remembers, though its own connection began with a gap', async () => {
    const { ask, sink, told } = lead();
    await ask('a', id(1));
    sink().opened('http://s/', server('gap'), id(1));
    sink().item({ kind: 'jump', loss: { reason: 'expired', requested: id(1), from: id(5), missed: 4 } });
    sink().item(event(6));
    sink().item(event(7));
    await ask('b', id(6));
    expect(told('b')).toEqual(['ok', id(6), '7']);
  });

  it('is a gap for a cursor of another log, whatever the server says of its own', async () => {
    const { ask, sink, told } = lead();
    await ask('a', 'epochBBBB.3');
    sink().opened('http://s/', server('ok'), 'epochBBBB.3');
    expect(told('a')).toEqual(['gap', 'epochBBBB.3', '']);
  });

  it('is a gap when the server was asked and began elsewhere', async () => {
    for (const cursor of ['opaque', id(4)]) {
      const { ask, sink, told, upstreams } = lead();
      await ask('a', cursor);
      sink().opened('http://s/', server('ok'), id(9));
      expect(told('a')).toEqual(['gap', cursor, '']);
      expect(upstreams).toHaveLength(1);
    }
  });

  it('is fresh for a tab without one, from the head or from what was passed on since', async () => {
    const { ask, sink, told } = lead();
    await ask('a', null);
    sink().opened('http://s/', server('fresh'), id(9));
    expect(told('a')).toEqual(['fresh', id(9), '']);
    sink().item(event(10));
    await ask('b', null);
    expect(told('b')).toEqual(['fresh', id(10), '']);
  });

  it('is found by going back when it does not remember so far', async () => {
    const { ask, sink, told, upstreams } = lead();
    await ask('a', id(8));
    sink().opened('http://s/', server('ok'), id(8));
    await ask('b', id(2));
    expect(told('b')).toBeNull();
    expect(upstreams.map(({ cursor }) => cursor)).toEqual([id(8), id(2)]);
    sink().opened('http://s/', server('ok'), id(2));
    expect(told('b')).toEqual(['ok', id(2), '']);
  });
});
