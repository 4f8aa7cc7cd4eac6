import type { HistoryRecord } from '../../history/types.ts';
import { healthyRun, id } from '../testing/build.ts';
import { plus } from '../testing/edit.ts';
import type { Records } from '../types.ts';
import { at, type SeededBug } from './case.ts';

const run = healthyRun;

/** More bytes of the server on one of the connections of a healthy run. */
function bytes(connection: string, afterMs: number, text: string): HistoryRecord {
  const raw = Buffer.from(text);
  return {
    at: at(afterMs),
    kind: 'wire',
    tap: 't',
    connection,
    direction: 'down',
    event: 'bytes',
    bytes: raw.length,
    base64: raw.toString('base64'),
  };
}

/** The chunks of two events on the wire change places; what the client says stays as it was. */
function overtaken(history: Records, first: number, second: number): Records {
  const chunk = (n: number) =>
    history.find(
      (r) =>
        r.kind === 'wire' &&
        Buffer.from(r.base64 ?? '', 'base64')
          .toString()
          .startsWith(`id: ${id(n)}\n`),
    );
  const [a, b] = [chunk(first), chunk(second)];
  if (a?.kind !== 'wire' || b?.kind !== 'wire') throw new Error('no such events on the wire');
  const swapped = (r: HistoryRecord): HistoryRecord =>
    r === a ? { ...b, at: a.at } : r === b ? { ...a, at: b.at } : r;
  return history.map(swapped);
}

/** Lies of a server that a good client puts right, so that only the wire tells. */
export const holeBugs: readonly SeededBug[] = [
  {
    lie: 'a live event overtakes one that is still to be replayed',
    convicts: 'wire-holes',
    history: () => overtaken(run(), 11, 12),
  },
  {
    lie: 'an event is left out in mid-stream and sent later',
    convicts: 'wire-holes',
    history: () => overtaken(run(), 5, 8),
  },
  {
    lie: 'a heartbeat vouches for events that were not written',
    convicts: 'wire-holes',
    history: () => plus(run(), bytes('kit-s-c1', 350, `: hb ${id(5)} 1000350\n\n`)),
  },
  {
    lie: 'a resumed client is primed with the head, past what is still to be replayed',
    convicts: 'wire-holes',
    history: () =>
      plus(
        run(),
        bytes('kit-s-c2', 1254.5, `id: ${id(12)}\nevent: stream.open\ndata: {"resume":"ok","head":12}\n\n`),
      ),
  },
];
