import { createDelivery, type Delivery, type DeliveryPorts } from './delivery.ts';
import type { StreamEvent } from './event.ts';

/** Handles several events at a time, but those of one key one after the other. */
export interface Concurrency {
  /** Events handled at a time, at most. */
  readonly limit: number;
  /** Events with the same key keep their order. */
  readonly key: (event: StreamEvent) => string;
}

interface Entry {
  readonly cursor: string | null;
  event: StreamEvent | null;
  startedAt: number;
  done: boolean;
  /** Where it is handled; `null` when its key could not be told. */
  readonly lane: number | null;
}

/**
 * Delivery in `limit` lanes, each serial; a key always goes to the same lane, as to a partition of a log. The cursor
 * moves over a finished event only when all before it are finished, so it never passes one that is not.
 */
export function createKeyedDelivery(ports: DeliveryPorts, { limit, key }: Concurrency): Delivery {
  let entries: Entry[] = [];
  let stopping: Promise<void> | null = null;
  let waiters: Array<{ readonly below: number; readonly resolve: () => void }> = [];
  const open = new Map<StreamEvent, Entry>();
  const lanes = Array.from({ length: limit }, () =>
    createDelivery({
      ...ports,
      handle(event) {
        // Without a key it fails as it would in the handler, and as often as the policy says.
        if (open.get(event)?.lane === null) key(event);
        return ports.handle(event);
      },
      commit(_cursor, event, startedAt) {
        const entry = event && open.get(event);
        if (!entry) return;
        open.delete(event);
        entry.done = true;
        entry.startedAt = startedAt;
        flush();
      },
    }),
  );
  const laneOf = (event: StreamEvent): number | null => {
    try {
      return hash(key(event)) % limit;
    } catch {
      return null; // thrown again where handlers fail
    }
  };
  const flush = (): void => {
    let index = 0;
    for (; entries[index]?.done; index++) {
      const { cursor, event, startedAt } = entries[index] as Entry;
      ports.commit(cursor, event, startedAt);
    }
    if (index > 0) entries = entries.slice(index);
    settle();
  };
  const settle = (): void => {
    const ready = waiters.filter(({ below }) => entries.length < below);
    waiters = waiters.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  };
  const under = (below: number): Promise<void> | null =>
    entries.length < below ? null : new Promise((resolve) => waiters.push({ below, resolve }));
  return {
    offer(event, cursor) {
      const entry: Entry = { cursor, event, startedAt: 0, done: false, lane: laneOf(event) };
      entries.push(entry);
      open.set(event, entry);
      lanes[entry.lane ?? 0]?.offer(event, cursor);
    },
    move(cursor) {
      entries.push({ cursor, event: null, startedAt: 0, done: true, lane: null });
      flush();
    },
    idle: () => under(limit),
    drained: () => stopping ?? under(1),
    stop() {
      for (const lane of lanes) lane.stop();
      // What did not begin is dropped; what runs still finishes, but the cursor cannot pass what was dropped.
      stopping ??= Promise.all(lanes.map((lane) => lane.drained())).then(() => {
        stopping = null;
        entries = [];
        open.clear();
        settle();
      });
    },
    start() {
      for (const lane of lanes) lane.start();
    },
  };
}

function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (value * 31 + text.charCodeAt(i)) >>> 0;
  return value;
}
