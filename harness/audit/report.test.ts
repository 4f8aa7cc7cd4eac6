import { describe, expect, it } from 'vitest';
import { judgeAudit } from './report.ts';
import { beat, event, events, exchange, frame, observations } from './testing/observations.ts';
import type { Exchange, Observations } from './types.ts';

/** An endpoint that has everything. */
function good(stream: Partial<Exchange> = {}, more: Partial<Observations> = {}) {
  const frames = [
    frame(10, { kind: 'other', type: '', retry: '3000' }),
    ...events(100, 1100, 2100, 3100, 4100),
  ];
  return judgeAudit(
    observations({
      stream: exchange({ frames: [...frames, beat(12_000), beat(19_000)], ...stream }),
      resume: exchange({ sentAt: 5000, cursor: '2', frames: [3, 4, 5].map((n) => event(n, 5010)) }),
      unknownId: exchange({ frames: [frame(1, { type: 'stream.cannot-resume' })] }),
      ...more,
    }),
  );
}

describe('the grade', () => {
  it('is A where nothing is to be said, undecided asides or not', () => {
    const { grade, counts } = good();
    expect({ grade, counts }).toEqual({ grade: 'A', counts: { pass: 13, warn: 0, fail: 0, unknown: 2 } });
  });

  it('is B with a warning, and B where something essential is undecided', () => {
    expect(good({ httpVersion: '1.0' }).grade).toBe('B');
    expect(good({}, { unknownId: null }).grade).toBe('B');
  });

  it('is C with one failure, D with several, F without an event stream', () => {
    const cached = { ...exchange().headers, age: '9' };
    expect(good({ headers: cached }).grade).toBe('C');
    expect(good({ headers: { ...cached, 'content-length': '9' } }).grade).toBe('D');
    expect(good({ headers: { 'content-type': 'text/html' } }).grade).toBe('F');
    expect(good({ headAt: null, frames: [] }).grade).toBe('F');
  });
});

describe('the fault', () => {
  const names = (stream: Partial<Exchange>, more: Partial<Observations> = {}) =>
    good(stream, more).faults.map(({ name }) => name);

  it('of the proxy is named', () => {
    expect(names({})).toEqual([]);
    expect(names({ headAt: null, frames: [] })).toEqual(['response-buffering']);
    expect(names({ headers: { ...exchange().headers, age: '9' } })).toEqual(['cached-response']);
    expect(names({ httpVersion: '1.0' })).toEqual(['http-1.0']);
    expect(
      names(
        { headers: { ...exchange().headers, 'content-encoding': 'gzip' }, frames: [] },
        { uncompressed: exchange({ frames: events(10) }) },
      ),
    ).toEqual(['compression-buffering']);
  });

  it('is an idle timeout where it ends after a silence of a length that proxies use', () => {
    const ends = (at: number) => ({ frames: events(100), ending: { by: 'server', at } as const });
    expect(names(ends(60_200))).toEqual(['idle-timeout']);
    expect(names(ends(42_000))).toEqual([]);
  });
});

it('shows who names himself on the way', () => {
  const headers = { ...exchange().headers, server: 'cloudflare', 'cf-ray': '1', via: '1.1 varnish' };
  expect(good({ headers }).path).toEqual(['cloudflare', 'via 1.1 varnish', 'Cloudflare']);
});
