import type { StreamOpen } from '../../protocol/control.ts';
import { parsePosition } from '../../protocol/position.ts';
import { parseVector } from '../../protocol/vector-cursor.ts';
import type { Clock } from '../ports.ts';
import { distance, oldest } from './marks.ts';
import type { FailureNote, Item, LeaderMessage, TabMessage } from './messages.ts';
import { createRing, type RingBounds } from './ring.ts';

/** What the one real connection tells the leader. */
export interface UpstreamSink {
  /** An event stream answers. `cursor` is the position it begins after. */
  readonly opened: (url: string, server: StreamOpen | null, cursor: string | null) => void;
  readonly item: (item: Item) => void;
  readonly down: (failure: FailureNote | null) => void;
  /** Nothing more will come by itself. */
  readonly over: (failure: FailureNote | null) => void;
}

/** The one real connection. */
export interface Upstream {
  close(): void;
}

/** What a leader works with. */
export interface LeaderDeps {
  readonly self: string;
  readonly clock: Clock;
  readonly post: (message: LeaderMessage) => void;
  /** Connects to the server, to go on after `cursor`. */
  readonly openUpstream: (cursor: string | null, sink: UpstreamSink) => Upstream;
  /** How long asks are collected before a connection is made from the oldest of them. */
  readonly gatherMs: number;
  readonly ring: RingBounds;
}

/** The tab that holds the connection and passes on what it gets. */
export interface Leader {
  receive(message: TabMessage): void;
  stop(): void;
}

interface Ask {
  readonly tab: string;
  readonly n: number;
  readonly cursor: string | null;
  /** The server was asked to go on from here: what it answered is all there is. */
  asked: boolean;
}

/**
 * Serves the tabs as a small server would: it remembers the last events and gives a tab what follows its cursor. When
 * it does not remember enough, it connects again from the oldest cursor that is wanted, and every tab passes over what
 * it has. So a handover needs no agreement: the new leader knows nothing, and goes on from the oldest tab.
 */
export function createLeader(deps: LeaderDeps): Leader {
  const { self, clock, post } = deps;
  const ring = createRing(deps.ring);
  const asks = new Map<string, Ask>();
  let upstream: Upstream | null = null;
  let up: { readonly url: string; readonly open: StreamOpen | null } | null = null;
  let generation = 0;
  let cancelGather: (() => void) | null = null;

  const start = (): void => {
    cancelGather = null;
    const wanted = [...asks.values()].filter((ask) => !ask.asked);
    if (wanted.length === 0) return;
    const cursor = oldest(wanted.map((ask) => ask.cursor));
    for (const ask of wanted) {
      ask.asked = ask.cursor === cursor || ask.cursor === null || distance(cursor, ask.cursor) !== null;
    }
    upstream?.close();
    up = null;
    ring.reset(cursor);
    const own = ++generation;
    const mine =
      <Args extends unknown[]>(call: (...args: Args) => void) =>
      (...args: Args): void => {
        if (own === generation) call(...args);
      };
    upstream = deps.openUpstream(cursor, {
      opened: mine(opened),
      item: mine((item) => {
        if (item.kind === 'event' || item.kind === 'jump') ring.push(item);
        post({ type: 'item', from: self, item });
      }),
      down: mine((failure) => {
        up = null;
        post({ type: 'down', from: self, failure });
      }),
      over: mine((failure) => {
        up = null;
        upstream = null;
        asks.clear();
        post({ type: 'over', from: self, failure });
      }),
    });
  };
  const opened = (url: string, open: StreamOpen | null, cursor: string | null): void => {
    if (cursor !== ring.cursor) ring.reset(cursor);
    up = { url, open };
    serve();
  };
  /** Attaches every tab that can be, and goes back for the others. */
  const serve = (): void => {
    if (!up) {
      if (!upstream) gather();
      return;
    }
    for (const ask of [...asks.values()]) {
      const known = ask.cursor === null ? [] : ring.after(ask.cursor);
      if (known) attach(ask, known, false);
      else if (ask.asked) attach(ask, [], true);
      else gather();
    }
  };
  const gather = (): void => {
    cancelGather ??= clock.setTimeout(start, deps.gatherMs);
  };
  const attach = (ask: Ask, items: readonly Item[], gap: boolean): void => {
    if (!up) return;
    asks.delete(ask.tab);
    const { open, url } = up;
    const { tab: to, n, cursor } = ask;
    const whole = { type: 'attach', from: self, to, n, url, items } as const;
    if (!open) post({ ...whole, open: null, id: null });
    else if (cursor === null) post({ ...whole, open: { ...open, resume: 'fresh' }, id: now(open) });
    else {
      const foreign = !parseVector(cursor) && parsePosition(cursor)?.epoch !== open.epoch;
      const resume = gap || foreign || (open.resume === 'gap' && items.length === 0) ? 'gap' : 'ok';
      post({ ...whole, open: { ...open, resume }, id: cursor });
    }
  };
  /** Where "from now on" begins: a replay that is under way for other tabs is not new. */
  const now = ({ epoch, head }: StreamOpen): string => {
    if (ring.cursor && parseVector(ring.cursor)) return ring.cursor;
    const atOpen = `${epoch}.${head}`;
    return (distance(atOpen, ring.cursor) ?? 0) > 0 && ring.cursor ? ring.cursor : atOpen;
  };

  return {
    receive(message) {
      post({ type: 'ack', from: self, to: message.from });
      if (message.type !== 'ask') return;
      const { from: tab, n, cursor } = message;
      asks.set(tab, { tab, n, cursor, asked: false });
      serve();
    },
    stop() {
      generation++;
      cancelGather?.();
      cancelGather = null;
      upstream?.close();
      upstream = null;
      asks.clear();
    },
  };
}
