import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDedupeWindow } from './core/dedupe-window.ts';
import { WireEvent } from './event.ts';
import type { OrderPolicy } from './sequencer.ts';
import { createVectorSequencer } from './vector-sequencer.ts';

/** What a sequencer says and does about positions that come in this order. */
function sequence(
  late: OrderPolicy['late'],
  came: readonly (number | string | readonly [id: number | string, data: string])[],
  events = 100,
  by: OrderPolicy['by'] = 'sequence',
): string[] {
  const log: string[] = [];
  const window = createDedupeWindow({ size: 10, ttlMs: Number.POSITIVE_INFINITY });
  const policy: OrderPolicy = { by, late, bufferEvents: events, bufferMs: 1000 };
  const sequencer = createVectorSequencer({
    policy,
    window,
    clock: { now: () => 0, monotonic: () => 0 },
    deliver: (event, cursor) =>
      log.push(`${event ? `deliver ${short(event.id)}, ` : ''}cursor ${short(cursor)}`),
    fact: (fact) => {
      if (fact.kind === 'gap') log.push(`gap of ${fact.missed}`);
      else if (fact.kind === 'cannot-resume') log.push(`cannot resume, goes on after ${short(fact.from)}`);
      else if (fact.kind === 'out-of-order')
        log.push(`${short(fact.id)} ${fact.action}${fact.announced ? ', announced as missing' : ''}`);
      else if (fact.kind === 'duplicate') log.push(`${short(fact.id)} seen before`);
      else if (fact.kind === 'error') log.push(`${fact.code}: ${fact.message}`);
    },
  });
  for (const each of came) {
    const [id, data] = typeof each === 'object' ? each : [each, '1'];
    const text = typeof id === 'string' ? id : `epochone.${id}`;
    if (data === 'reconnect') {
      sequencer.connecting(text);
      continue;
    }
    if (data === 'too large') {
      sequencer.skipped();
      continue;
    }
    if (data.startsWith('cannot resume')) {
      const missed = Number(data.slice('cannot resume'.length)) || null;
      const loss = { reason: 'expired', requested: null, from: text, missed } as const;
      sequencer.of(undefined).cannotResume(loss);
      continue;
    }
    if (data === 'lost') {
      const log = sequencer.of(undefined);
      log.tailLost(Number(id)); // asked for again
      log.tailLost(Number(id)); // and announced
      continue;
    }
    const event = new WireEvent('t', text, data, { format: 'auto', url: '' });
    sequencer.accept(event, text);
    window.settled(text, () => 0);
  }
  return log;
}

const short = (id: string | null): string => id?.replace('epochone.', '') ?? 'none';

describe('a position that comes after a later one', () => {
  it('is delivered late, and said to be, by the policy `deliver`; the cursor does not go back', () => {
    expect(sequence('deliver', [1, 3, 2, 4])).toEqual([
      'deliver 1, cursor 1',
      'gap of 1',
      'cursor 2',
      'deliver 3, cursor 3',
      '2 delivered, announced as missing',
      'deliver 2, cursor 3',
      'deliver 4, cursor 4',
    ]);
  });

  it('is dropped, and said to be, by the policy `drop`', () => {
    expect(sequence('drop', [1, 3, 2]).slice(-2)).toEqual([
      'deliver 3, cursor 3',
      '2 dropped, announced as missing',
    ]);
  });

  it('is late once: the next time it was seen before', () => {
    expect(sequence('deliver', [1, 3, 2, 2]).at(-1)).toBe('2 seen before');
  });

  it('is no longer waited for in another epoch', () => {
    expect(sequence('deliver', [1, 3, 'epochtwo.1', 'epochtwo.2', 'epochtwo.2']).at(-1)).toBe(
      'epochtwo.2 seen before',
    );
  });

  it('is remembered within the bound of the buffer and not beyond', () => {
    expect(sequence('drop', [1, 10, 9, 8, 7], 2).slice(-3)).toEqual([
      '9 dropped, announced as missing',
      '8 dropped, announced as missing',
      '7 seen before',
    ]);
  });
});

describe('a position', () => {
  it('passes only when it is the next one', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: -1, max: 1e6 }), (last, seq) => {
        const says = sequence('buffer', [[last, 'reconnect'], seq < 0 ? 'epochtwo.1' : seq]).at(0);
        expect(says === `deliver ${seq}, cursor ${seq}`).toBe(seq === last + 1 && seq >= 0);
        expect(says === `${seq} seen before`).toBe(seq >= 0 && seq <= last);
        expect(says === `${seq} buffered`).toBe(seq > last + 1);
        expect(says === 'gap of null').toBe(seq < 0);
      }),
    );
  });
});

describe('a loss that the server announces', () => {
  it('is a copy of what was said before when an event moved the mark that far', () => {
    expect(sequence('buffer', [[1, 'reconnect'], 2, [2, 'cannot resume']])).toEqual(['deliver 2, cursor 2']);
  });

  it('is heard after a loss that was announced here, and what the server still has is taken', () => {
    const lost = [3, 'lost'] as const;
    expect(sequence('buffer', [[1, 'reconnect'], lost, [2, 'cannot resume'], 3])).toEqual([
      'gap of 2',
      'cursor 3',
      'cannot resume, goes on after 2',
      'cursor 2',
      'deliver 3, cursor 3',
    ]);
  });
});

describe('what is held when the server announces a loss', () => {
  const loss = (place: number | string) => [place, 'cannot resume'] as const;

  it('is handed over before, and what is missing there is announced apart from what the server counts', () => {
    expect(sequence('buffer', [1, 3, loss(9), 10])).toEqual([
      'deliver 1, cursor 1',
      '3 buffered',
      'gap of 1',
      'cursor 2',
      'deliver 3, cursor 3',
      'cannot resume, goes on after 9',
      'cursor 9',
      'deliver 10, cursor 10',
    ]);
    expect(sequence('buffer', [1, 3, loss('epochtwo.1')]).slice(2)).toEqual([
      'gap of 1',
      'cursor 2',
      'deliver 3, cursor 3',
      'cannot resume, goes on after epochtwo.1',
      'cursor epochtwo.1',
    ]);
  });

  it('waits for nothing more where it waits for the sake of order', () => {
    expect(sequence('buffer', ['5', '4', loss('9')], 100, 'id')).toEqual([
      'deliver 4, cursor none',
      'deliver 5, cursor 4',
      'cannot resume, goes on after 9',
      'cursor 9',
    ]);
  });

  it('is left alone when it comes behind the loss, and by a copy of what was said before', () => {
    expect(sequence('buffer', [1, 10, loss(9)]).slice(2)).toEqual([
      'cannot resume, goes on after 9',
      'cursor 9',
    ]);
    expect(sequence('buffer', [1, 3, loss(1), 2]).slice(2)).toEqual([
      'deliver 2, cursor 2',
      'deliver 3, cursor 3',
    ]);
  });
});

describe('an event that is held for the sake of order', () => {
  it('is not passed by the cursor', () => {
    expect(sequence('buffer', ['5', 'x'], 100, 'id')).toEqual(['deliver x, cursor none']);
  });
});

describe('an event that was too large', () => {
  const big = [0, 'too large'] as const;

  it('is the first hole, and no event behind it that came already', () => {
    expect(sequence('buffer', [1, 3, big, 4])).toEqual([
      'deliver 1, cursor 1',
      '3 buffered',
      'gap of 1',
      'cursor 2',
      'deliver 3, cursor 3',
      'deliver 4, cursor 4',
    ]);
  });

  it('is no hole that comes later, when the next event was there', () => {
    expect(sequence('buffer', [1, big, 2, 4]).slice(1)).toEqual(['deliver 2, cursor 2', '4 buffered']);
  });
});

describe('an id that comes again', () => {
  const [one, two, other] = [
    ['epochone.1', 'one'],
    ['epochone.2', 'two'],
    ['epochone.2', 'other'],
  ] as const;
  const REUSED = 'ERR_ID_REUSED: "epochone.2" came again with other data';

  it('with the same data is a repetition', () => {
    expect(sequence('buffer', [one, two, two]).slice(2)).toEqual(['2 seen before']);
  });

  it('with other data is an error as well, and is not handed over', () => {
    expect(sequence('buffer', [one, two, other]).slice(2)).toEqual(['2 seen before', REUSED]);
  });

  it('is recognised over a reconnect from that id', () => {
    expect(sequence('buffer', [two, ['epochone.2', 'reconnect'], other]).slice(1)).toEqual([
      '2 seen before',
      REUSED,
    ]);
  });

  it('is recognised where ids are opaque', () => {
    expect(
      sequence('buffer', [
        ['x', 'a'],
        ['x', 'b'],
      ]).slice(1),
    ).toEqual(['x seen before', 'ERR_ID_REUSED: "x" came again with other data']);
  });

  it('accuses nobody where the data of that id is not at hand', () => {
    const third = ['epochone.3', 'three'] as const;
    expect(sequence('buffer', [one, two, third, other]).at(-1)).toBe('2 seen before');
    expect(sequence('buffer', [one, ['epochone.2', 'reconnect'], other]).at(-1)).toBe('2 seen before');
    // The announced loss moved the mark to 2, whose data never came.
    expect(sequence('buffer', [one, [2, 'lost'], two]).at(-1)).toBe('2 seen before');
  });
});

describe('a loss that the server announces', () => {
  it.each([
    [3, []],
    [1, ['gap of 2', 'cursor 4']],
    [9, []],
  ])('is announced with what was lost on the way before it (%i of 3 counted)', (missed, before) => {
    expect(sequence('buffer', [2, [5, `cannot resume ${missed}`], 6])).toEqual([
      'deliver 2, cursor 2',
      ...before,
      'cannot resume, goes on after 5',
      'cursor 5',
      'deliver 6, cursor 6',
    ]);
  });
});
