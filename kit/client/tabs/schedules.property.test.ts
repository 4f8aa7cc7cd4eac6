import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../testing/index.ts';
import { kinds, leaderOf, numbers, pages, world } from './pages.fixture.ts';

describe('tabs that share a stream', () => {
  it('loses and repeats nothing under any schedule of tabs that come, go, crash and stand still', async () => {
    const action = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 8 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('pass' as const), count: fc.integer({ min: 0, max: 3000 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constantFrom(
            'open' as const,
            'close' as const,
            'kill' as const,
            'away' as const,
            'freeze' as const,
            'thaw' as const,
            'cut' as const,
          ),
          count: fc.nat(5),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), fc.nat(), async (actions, seed) => {
        const random = seededRandom(seed);
        // Half of them in a browser where messages and locks take their time, each its own.
        const { server, clock, open } = world(seed % 2 ? () => Math.floor(random() ** 3 * 50) : undefined);
        const keep = { share: { ringEvents: 10 } };
        let alive = [open(keep), open(keep)];
        await clock.advance(1000);
        for (const { do: what, count } of actions) {
          const page = alive[count % Math.max(1, alive.length)];
          if (what === 'publish') server.publish(count);
          else if (what === 'pass') await clock.advance(count);
          else if (what === 'open' && alive.length < 6) alive.push(open(keep));
          else if (what === 'cut') server.cut();
          else if (page && (what === 'close' || what === 'kill')) {
            if (alive.length < 2) continue;
            page.tab.thaw();
            if (what === 'close') void page.stream.close();
            else page.tab.kill();
            alive = alive.filter((other) => other !== page);
          } else if (what === 'away') page?.tab.goAway();
          else if (what === 'freeze') page?.tab.freeze();
          else if (what === 'thaw') page?.tab.thaw();
        }
        for (const { tab } of alive) tab.thaw();
        await clock.advance(30_000);
        server.publish(3);
        await clock.advance(30_000);
        for (const page of alive) {
          const first = Number(page.seen[0]);
          expect(page.seen).toEqual(numbers(first, server.head));
          expect(kinds(page, 'duplicate', 'gap', 'cannot-resume')).toEqual([]);
        }
        expect(leaderOf(alive)).toHaveLength(1);
        expect(server.connections).toBe(1);
        await Promise.all(pages.splice(0).map(({ stream }) => stream.close()));
      }),
      { numRuns: Number(process.env.TAB_RUNS ?? 40) },
    );
  });
});
