import { describe, expect, it } from 'vitest';
import type { ClientFact, StreamEvent } from '../../kit/client/node/index.ts';
import { paint } from './paint.ts';
import { eventLine, eventRecord, factLine, factRecord, type TailLayout } from './tail-lines.ts';

const NARROW: TailLayout = { paint: paint(false), columns: 80 };
const WHOLE: TailLayout = { paint: paint(false), columns: undefined };

function event(
  raw: string,
  type = 'order.created',
  id: string | null = 'AbCdEfGhIjKlMnOp.1234',
): StreamEvent {
  return {
    type,
    id,
    raw,
    data: raw,
    position: null,
    envelope: null,
    publishedAt: null,
    url: 'http://x/',
    attempt: 1,
    redelivery: false,
  };
}

function fact(body: object): ClientFact {
  return { at: 0, stream: 's', connection: 'c', trace: 't', ...body } as ClientFact;
}

describe('a line of an event', () => {
  it('fits into the terminal, with both ends of its id', () => {
    const line = eventLine(event('x'.repeat(200)), 0, NARROW);
    expect(line).toHaveLength(80);
    expect(line).toMatch(/ AbCdEf…MnOp\.1234 {2}x+…$/);
  });

  it('is whole where nobody looks at a terminal', () => {
    expect(eventLine(event('x'.repeat(200)), 0, WHOLE)).toContain(
      `AbCdEfGhIjKlMnOp.1234  ${'x'.repeat(200)}`,
    );
  });

  it('does not let a server write to the terminal', () => {
    const line = eventLine(event('a\u001b[2Jb\nc\u202ed', 'x\u009b', 'i\u0007'), 0, WHOLE);
    expect(line).toContain('a\\u001b[2Jb\\nc\\u202ed');
    expect(line).toContain('x\\u009b');
    expect(line).toContain('i\\u0007');
  });

  it('shows data as it came where it begins like JSON and is none', () => {
    const broken = Object.defineProperty(event('{"n":'), 'data', {
      get: () => {
        throw new Error('not JSON');
      },
    });
    expect(eventLine(broken, 0, WHOLE)).toContain('{"n":');
    expect(eventRecord(broken, 0)).toMatchObject({ data: '{"n":', raw: '{"n":' });
  });
});

describe('a line of a fact', () => {
  it('tells losses, with their number where it is known', () => {
    const gap = { kind: 'gap', reason: 'hole', after: 'a.1', from: 'a.4' };
    expect(factLine(fact({ ...gap, missed: 2 }), NARROW)).toContain('gap (hole): 2 events lost after a.1');
    expect(factLine(fact({ ...gap, missed: null }), NARROW)).toContain('some events lost');
  });

  it('breaks what is longer than the terminal', () => {
    const failure = { cause: 'network', message: 'word '.repeat(40) };
    const line = factLine(fact({ kind: 'disconnect', openMs: 0, failure }), NARROW) ?? '';
    expect(line.split('\n').length).toBeGreaterThan(2);
    expect(Math.max(...line.split('\n').map((each) => each.length))).toBeLessThanOrEqual(80);
  });

  it('is not written for what the events say themselves', () => {
    for (const kind of ['received', 'processed', 'attempt', 'state'] as const) {
      expect(factLine(fact({ kind }), NARROW)).toBe(null);
      expect(factRecord(fact({ kind }))).toBe(null);
    }
  });
});

describe('a record of a fact', () => {
  it('holds no query of a URL, and no error that may hold a request', () => {
    const error = Object.assign(new Error('refused'), { request: 'secret' });
    const failure = { cause: 'network', message: 'refused', error };
    const url = 'http://u:secret@x/events?token=secret';
    const open = { kind: 'open', attempt: 1, status: 200, url, cursor: null, server: null, downtimeMs: null };
    const written = JSON.stringify([
      factRecord(fact(open)),
      factRecord(fact({ kind: 'disconnect', openMs: 3, failure })),
      factRecord(fact({ kind: 'error', code: 'E', message: 'm', error })),
      factRecord(fact({ kind: 'give-up', why: 'final', failure, attempts: [{ failure }] })),
      factRecord(fact({ kind: 'closed', reason: { type: 'gave-up', failure } })),
    ]);
    expect(written).not.toContain('secret');
    expect(written).toContain('http://x/events?…');
  });
});
