import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemoryExchange } from '../testing/index.ts';
import { beat, event, NAMES, opening, run, zero } from './several-streams.fixture.ts';

describe('several streams on one response', () => {
  it('loses nothing silently, repeats nothing and keeps the order of each stream, whatever the wire does', async () => {
    const which = fc.constantFrom(...NAMES);
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), of: which }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constantFrom('drop' as const, 'again' as const, 'swap' as const, 'big' as const),
          of: which,
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'beat' as const), of: which }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), of: which }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const heads = zero();
        let marks = zero();
        let healed = false;
        const big = new Set<string>();
        const frame: typeof event = (own, seq, at) =>
          event(own, seq, at).replace(
            /^data: "/m,
            big.has(`${own} ${seq}`) ? `data: "${'x'.repeat(400)}` : '$&',
          );
        const replay = (exchange: MemoryExchange): void => {
          for (const name of NAMES) {
            while (marks[name] < heads[name]) {
              marks[name]++;
              exchange.write(frame(name, marks[name], marks));
            }
          }
        };
        const { clock, network, facts, seen, stream } = run(
          (exchange) => {
            marks = opening(exchange, heads);
            if (healed || exchange.number > 1) replay(exchange);
          },
          { order: { bufferMs: 50 }, bounds: { maxEventBytes: 300 } },
        );
        await clock.advance(0);
        const write = (text: string): void => network.exchanges.at(-1)?.write(text);
        for (const { do: what, of } of actions) {
          if (what === 'wait') await clock.advance(60);
          else if (what === 'cut') network.exchanges.at(-1)?.fail();
          else if (what === 'beat') write(beat(marks, 1));
          else if (what === 'again') {
            if (marks[of] > 0) write(frame(of, marks[of], marks));
          } else {
            const first = heads[of] + 1;
            heads[of] += what === 'swap' ? 2 : 1;
            marks[of] = heads[of];
            if (what === 'big') big.add(`${of} ${first}`);
            if (what === 'swap') write(frame(of, first + 1, marks) + frame(of, first, marks));
            if (what === 'send' || what === 'big') write(frame(of, first, marks));
          }
          await clock.advance(1);
        }
        healed = true;
        await clock.advance(200);
        // Twice for what was lost, and again where an event that is too large lies behind it.
        for (let round = 0; round < 8; round++) {
          write(beat(heads, 1));
          await clock.advance(1000);
        }
        for (const name of NAMES) {
          const handled = seen.flatMap((data) => {
            const [, seq] = new RegExp(`^${name} (\\d+)$`).exec(String(data)) ?? [];
            return seq ? [Number(seq)] : [];
          });
          expect(handled).toEqual([...new Set(handled)].sort((a, b) => a - b));
          const announced = facts.flatMap((fact) =>
            fact.kind === 'gap' && fact.stream === name
              ? [[Number(fact.after?.split('.')[1]), Number(fact.from?.split('.')[1])] as const]
              : [],
          );
          for (let seq = 1; seq <= heads[name]; seq++) {
            const covered = announced.some(([after, from]) => seq > after && seq <= from);
            expect(handled.includes(seq) || covered, `${name} ${seq} of ${heads[name]}`).toBe(true);
          }
        }
        await stream.close();
      }),
      { numRuns: 150 },
    );
  });
});
