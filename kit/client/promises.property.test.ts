import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCannotResume, encodeStreamEnd } from '../protocol/control.ts';
import { encodeHeartbeat } from '../protocol/heartbeat.ts';
import { parsePosition } from '../protocol/position.ts';
import type { MemoryExchange } from '../testing/index.ts';
import type { ConnectOptions, StreamEvent } from './index.ts';
import { at, EPOCH, event, open } from './one-stream.fixture.ts';
import { virtualClient } from './virtual.fixture.ts';

const CALLBACKS = [
  'onStateChange',
  'onOpen',
  'onDisconnect',
  'onError',
  'onRetry',
  'onHeartbeat',
  'onControl',
  'onDuplicate',
  'onOutOfOrder',
  'onGap',
  'onLivenessFailure',
  'onCannotResume',
  'onDeadLetter',
  'onClose',
] as const;

const doing = <Name extends string>(
  weight: number,
  [min, max]: readonly [number, number],
  ...names: Name[]
) => ({
  weight,
  arbitrary: fc.record({ do: fc.constantFrom(...names), n: fc.integer({ min, max }) }),
});
const actions = fc.oneof(
  doing(8, [1, 120], 'send', 'wait'),
  doing(5, [1, 8], 'drop', 'rewind', 'swap', 'big', 'beat'),
  doing(3, [-2, 2], 'cut', 'end', 'expire', 'reconnect', 'restart', 'away', 'jump'),
);

const setups = fc.record({
  late: fc.constantFrom('buffer' as const, 'buffer' as const, 'drop' as const, 'deliver' as const),
  handler: fc.constantFrom('sync' as const, 'async' as const, 'failing' as const, 'keyed' as const),
  callback: fc.constantFrom(...CALLBACKS),
  does: fc.constantFrom('nothing' as const, 'throw' as const, 'reconnect' as const, 'restart' as const),
  nth: fc.integer({ min: 1, max: 4 }),
  completes: fc.boolean(),
});

describe('whatever the wire, the application and the clock do', () => {
  it('every event is handled once or said to be lost, in order, on one connection at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(actions, { maxLength: 40 }), setups, async (steps, setup) => {
        let head = 0;
        let oldest = 1;
        let completed = false;
        const big = new Set<number>();
        const sent = new Map<MemoryExchange, string[]>();
        const write = (exchange: MemoryExchange | undefined, frame: string): void => {
          if (!exchange || exchange.aborted) return;
          exchange.write(frame);
          const frames = sent.get(exchange) ?? [];
          sent.set(exchange, frames);
          frames.push(frame);
        };
        const frameOf = (seq: number): string => event(seq, big.has(seq) ? 'x'.repeat(300) : seq);
        const serve = (exchange: MemoryExchange): void => {
          const requested = exchange.request.headers['last-event-id'] ?? null;
          const asked = requested === null ? { epoch: EPOCH, seq: 0 } : parsePosition(requested);
          const from = asked && asked.seq >= oldest - 1 ? asked.seq : oldest - 1;
          const lost = !asked || from > asked.seq;
          write(exchange, open(lost && asked ? asked.seq : from, lost ? 'gap' : 'ok', 0));
          if (lost) {
            const loss = { reason: 'expired', requested, from: `${EPOCH}.${from}` } as const;
            write(exchange, encodeCannotResume({ ...loss, missed: from - (asked?.seq ?? 0) }, at(from)));
          }
          for (let seq = from + 1; seq <= head; seq++) write(exchange, frameOf(seq));
          if (completed) write(exchange, encodeStreamEnd());
        };
        const done: number[] = [];
        let called = 0;
        const act = (): void => {
          if (++called !== setup.nth) return;
          // What onError throws goes to the console.
          if (setup.does === 'throw' && setup.callback !== 'onError') throw new Error('from a callback');
          if (setup.does === 'restart') void stream.close();
          if (setup.does === 'reconnect' || setup.does === 'restart') stream.reconnect();
        };
        const options: ConnectOptions = {
          retry: { baseMs: 20, maxMs: 100 },
          order: { late: setup.late, bufferMs: 50 },
          bounds: { maxEventBytes: 250 },
          onError: () => undefined,
          [setup.callback]: act,
          ...(setup.handler === 'failing' ? { handlerFailure: { attempts: 2, baseMs: 10 } } : {}),
          ...(setup.handler === 'keyed'
            ? { concurrency: { limit: 3, key: ({ data }) => String(Number(data) % 4) } }
            : {}),
          onEvent: (it: StreamEvent) => {
            const seq = Number(it.data);
            if (setup.handler === 'failing' && seq % 3 === 0 && it.attempt === 1) throw new Error('once');
            if (setup.handler === 'sync' || seq % 5 === 0) {
              done.push(seq);
              return undefined;
            }
            return new Promise<void>((resolve) => {
              clock.setTimeout(() => resolve(void done.push(seq)), (seq * 37) % 30);
            });
          },
        };
        const { clock, network, facts, stream, signal } = virtualClient(serve, options);
        const live = (): MemoryExchange | undefined => network.exchanges.at(-1);
        await clock.advance(0);
        for (const { do: what, n } of steps) {
          if (what === 'wait') await clock.advance(n);
          else if (what === 'send' || what === 'drop' || what === 'big') {
            for (let each = 0; each < Math.min(n, 5); each++) {
              head++;
              if (what === 'big') big.add(head);
              if (what !== 'drop') write(live(), frameOf(head));
            }
          } else if (what === 'swap') {
            head += 2;
            write(live(), frameOf(head));
            write(live(), frameOf(head - 1));
          } else if (what === 'rewind') {
            const exchange = live();
            const frames = (exchange && sent.get(exchange)) ?? [];
            for (const frame of frames.slice(-n)) write(exchange, frame);
          } else if (what === 'beat') write(live(), encodeHeartbeat({ head: at(head), unixMs: clock.now() }));
          else if (what === 'cut') live()?.fail();
          else if (what === 'end') live()?.end();
          else if (what === 'expire') oldest = Math.max(oldest, head - 1);
          else if (what === 'reconnect') stream.reconnect();
          else if (what === 'restart') {
            void stream.close();
            stream.reconnect();
          } else if (what === 'away') {
            signal('suspend');
            await clock.advance(10);
            signal('restore');
          } else clock.jumpWall(n * 3_600_000);
          await clock.advance(1);
          expect(network.exchanges.slice(0, -1).every(({ aborted }) => aborted)).toBe(true);
        }
        const before = network.exchanges.length;
        for (let round = 0; round < 8; round++) {
          await clock.advance(2000);
          write(live(), encodeHeartbeat({ head: at(head), unixMs: clock.now() }));
        }
        if (setup.completes) {
          completed = true;
          head++;
          write(live(), frameOf(head));
          write(live(), encodeStreamEnd());
          await clock.advance(5000);
          expect(stream.state).toBe('closed');
        }
        expect(network.exchanges.length - before).toBeLessThan(12);

        const restarted = facts.some(({ kind }) => kind === 'closed');
        const announced = facts.flatMap((fact): Array<[after: number, upTo: number]> => {
          if (fact.kind === 'gap') return [[seqOf(fact.after), seqOf(fact.from)]];
          if (fact.kind === 'cannot-resume') return [[seqOf(fact.requested), seqOf(fact.from)]];
          return [];
        });
        const isAnnounced = (seq: number): boolean =>
          announced.some(([after, upTo]) => seq > after && seq <= upTo);
        for (let seq = 1; seq <= head; seq++) {
          const times = done.filter((each) => each === seq).length;
          // What several lanes had finished behind an event that closing dropped is handled again.
          const most = setup.handler === 'keyed' && restarted ? 2 : 1;
          expect(times, `times that ${seq} of ${head} was handled`).toBeLessThanOrEqual(most);
          if (times === 0) expect(isAnnounced(seq), `${seq} of ${head} is lost`).toBe(true);
        }
        if (setup.handler !== 'keyed' && setup.late !== 'deliver') {
          expect(done).toEqual(done.toSorted((a, b) => a - b));
        }
        called = Number.POSITIVE_INFINITY; // nobody connects again
        void stream.close();
        await clock.advance(20_000);
        await stream.closed;
        expect(clock.pending).toBe(0);
      }),
      { numRuns: Number(process.env.CLIENT_RUNS ?? 150) },
    );
  });
});

const seqOf = (id: string | null): number => parsePosition(id ?? '')?.seq ?? 0;
