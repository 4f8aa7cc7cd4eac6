import { describe, expect, it } from 'vitest';
import type { ConnectOptions } from './index.ts';
import { EPOCH, event, open } from './one-stream.fixture.ts';
import { virtualClient } from './virtual.fixture.ts';

describe('an `id:` without `data:`', () => {
  /** The cursor that the second request carries, and what else came of such a stream. */
  async function after(text: string, options: ConnectOptions = {}) {
    const ran = virtualClient((exchange) => exchange.write(text), options);
    await ran.clock.advance(0);
    const { cursor } = ran.stream.stats();
    ran.stream.reconnect();
    await ran.clock.advance(0);
    return { ...ran, stats: cursor, asked: ran.cursor(1) };
  }

  it.each<[string, string, string | null]>([
    ['is where the client goes on', 'data: a\n\nid: here\n\n', 'here'],
    ['counts behind an event, too', 'id: 1\ndata: a\n\nid: 2\n\n', '2'],
    ['takes the id back when it is empty', 'id: 1\ndata: a\n\nid:\n\n', ''],
    ['counts for nothing before its blank line', 'id: 1\ndata: a\n\nid: 2\n', '1'],
    ['is a position like another', `${open(0)}${event(1)}id: ${EPOCH}.2\n\n`, `${EPOCH}.2`],
    ['passes nothing that is missing', `${open(0)}${event(1)}id: ${EPOCH}.3\n\n`, `${EPOCH}.1`],
    ['does not go back within a log', `${open(0)}${event(1)}${event(2)}id: ${EPOCH}.1\n\n`, `${EPOCH}.2`],
  ])('%s', async (_what, text, expected) => {
    const { stats, asked, kinds } = await after(text);
    expect(stats).toBe(expected);
    expect(asked).toBe(expected || undefined);
    expect(kinds('gap')).toEqual([]);
  });

  it('waits, as the cursor, for the handlers of the events before it', async () => {
    const done: Array<() => void> = [];
    const { clock, stream } = virtualClient((exchange) => exchange.write('id: 1\ndata: a\n\nid: 2\n\n'), {
      onEvent: () => new Promise<void>((resolve) => done.push(resolve)),
    });
    await clock.advance(0);
    expect(stream.stats().cursor).toBe(null);
    done[0]?.();
    await clock.advance(0);
    expect(stream.stats().cursor).toBe('2');
  });

  it('is not remembered as an event: one with the same id is none again', async () => {
    const { seen, kinds } = await after('id: 7\n\nid: 7\ndata: 7\n\n');
    expect(seen).toEqual([7]);
    expect(kinds('duplicate')).toHaveLength(1); // the second connection sends the same
  });

  it('announces a loss when it is of another log', async () => {
    const { stats, kinds } = await after(`${open(0)}${event(1)}id: epoch-0002.5\n\n`);
    expect(stats).toBe('epoch-0002.5');
    expect(kinds('gap')[0]).toMatchObject({ reason: 'epoch-changed', after: `${EPOCH}.1`, missed: null });
  });
});
