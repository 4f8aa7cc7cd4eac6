import type { Random } from '../random.ts';
import type { ToxicKind } from '../toxic-kind.ts';

/** Lengths that sum up to `total`, each `average` ± `variation` (at least 1), the last one what is left. */
export function sliceLengths(total: number, average: number, variation: number, random: Random): number[] {
  const lengths: number[] = [];
  let left = total;
  while (left > 0) {
    const wanted = average + Math.round((random() * 2 - 1) * variation);
    const length = Math.min(left, Math.max(1, wanted));
    lengths.push(length);
    left -= length;
  }
  return lengths;
}

/** Cuts chunks into slices and waits `delay` microseconds after each. Loses nothing. */
export const slicer: ToxicKind<{ average_size: number; size_variation: number; delay: number }> = {
  type: 'slicer',
  defaults: { average_size: 0, size_variation: 0, delay: 0 },
  refuse: ({ average_size }) => (average_size < 1 ? 'average_size is below 1' : undefined),
  async pipe(stub, attributes) {
    for (;;) {
      const next = await stub.receive();
      if (next.kind === 'end') return stub.end();
      if (next.kind !== 'chunk') return;
      const { average_size, size_variation, delay } = attributes;
      let { data } = next.chunk;
      const { at } = next.chunk;
      // Slices are due at multiples of the delay, so that timers of 1 ms resolution keep the average.
      let due = stub.clock.now();
      for (const length of sliceLengths(data.length, average_size, size_variation, stub.random)) {
        await stub.send({ data: data.subarray(0, length), at });
        data = data.subarray(length);
        due += delay / 1000;
        const waited = await stub.pause(Math.max(0, due - stub.clock.now()));
        if (waited) continue;
        return data.length > 0 ? stub.send({ data, at }) : undefined;
      }
    }
  },
};
