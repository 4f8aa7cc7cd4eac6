import { runInNewContext } from 'node:vm';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StandardSchema, StreamEvent } from './index.ts';
import { EPOCH, event, open, run } from './one-stream.fixture.ts';

/** What async functions return where `Promise` was replaced, or in another realm: no instance of `Promise`. */
const OtherPromise: PromiseConstructor = runInNewContext('Promise');

describe('payloads', () => {
  it.each([
    ['zod', z.object({ n: z.number() })],
    ['valibot', v.object({ n: v.number() })],
  ])('are validated by %s, and what fails is reported and not handed over', async (_name, schema) => {
    const { clock, seen, kinds } = run(
      (exchange) =>
        exchange.write(open(0) + event(1, { n: 1, extra: true }) + event(2, { n: 'x' }) + event(3, { n: 3 })),
      { schemas: { message: schema } },
    );
    await clock.advance(0);
    expect(seen).toEqual([{ n: 1 }, { n: 3 }]);
    expect(kinds('dead-letter')).toMatchObject([{ reason: 'validation', error: { code: 'ERR_VALIDATION' } }]);
  });

  it('are validated by promises of whatever make', async () => {
    const validate = (value: unknown) => OtherPromise.resolve({ value: `valid ${value}` });
    const { clock, seen } = run((exchange) => exchange.write(open(0) + event(1)), {
      schemas: { message: { '~standard': { version: 1, vendor: 'test', validate } } },
    });
    await clock.advance(0);
    expect(seen).toEqual(['valid 1']);
  });

  it('are validated again when the validation itself failed', async () => {
    let asked = 0;
    const schema: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          if (++asked === 1) throw new Error('the registry is down');
          return { value: `valid ${value}` };
        },
      },
    };
    const { clock, seen } = run((exchange) => exchange.write(open(0) + event(1)), {
      schemas: { message: schema },
      handlerFailure: { attempts: 2 },
    });
    await clock.advance(1000);
    expect(seen).toEqual(['valid 1']);
  });

  it('are not validated again when only the handler failed: what the schema made of them stays', async () => {
    const schema = z.string().transform((text) => text.length);
    const seen: unknown[] = [];
    const { clock, kinds } = run((exchange) => exchange.write(open(0) + event(1, 'four')), {
      schemas: { message: schema },
      handlerFailure: { attempts: 2 },
      onEvent: ({ data, attempt }: StreamEvent) => {
        seen.push(data);
        if (attempt === 1) throw new Error('not yet');
      },
    });
    await clock.advance(1000);
    expect([seen, kinds('dead-letter')]).toEqual([[4, 4], []]);
  });

  it('that are broken are reported, the rest unharmed', async () => {
    const { clock, seen, kinds } = run((exchange) =>
      exchange.write(`${open(0)}${event(1)}id: ${EPOCH}.2\ndata: {"broken\n\n${event(3)}`),
    );
    await clock.advance(0);
    expect(seen).toEqual([1, 3]);
    expect(kinds('dead-letter')).toMatchObject([{ error: { code: 'ERR_ENVELOPE_JSON' } }]);
  });
});
