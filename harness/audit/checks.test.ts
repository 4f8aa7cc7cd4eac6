import { describe, expect, it } from 'vitest';
import { CHECKS } from './checks/index.ts';
import { beat, event, events, exchange, frame, observations } from './testing/observations.ts';
import type { Exchange, Finding, Observations, SeenFrame } from './types.ts';

function judge(id: string, seen: Partial<Observations>): Finding {
  const check = CHECKS.find((each) => each.id === id);
  if (!check) throw new Error(`there is no check ${id}`);
  return check.judge(observations(seen));
}

function judgeStream(id: string, stream: Partial<Exchange>, more: Partial<Observations> = {}): string {
  const { verdict, why } = judge(id, { stream: exchange(stream), ...more });
  return `${verdict}: ${why}`;
}

const headers = (more: Record<string, string>) => ({ headers: { ...exchange().headers, ...more } });

describe('the head of the response', () => {
  it.each([
    [200, 'pass: 200'],
    [204, 'fail: 204: an EventSource stops for good'],
    [401, 'fail: 401 instead of 200'],
    [503, 'fail: 503 instead of 200'],
  ])('status %i', (status, finding) => {
    expect(judgeStream('status', { status })).toBe(finding);
  });

  it.each([
    ['text/event-stream', 'pass'],
    ['Text/Event-Stream; charset=UTF-8', 'pass'],
    ['text/event-stream; charset=latin1', 'warn'],
    ['text/event-streamx', 'fail'],
    ['', 'fail'],
  ])('content type %j', (type, verdict) => {
    expect(judgeStream('content-type', headers({ 'content-type': type }))).toMatch(`${verdict}: `);
  });

  it.each([
    [{ 'cache-control': 'no-store, no-transform' }, 'pass: no-store, no-transform'],
    [{ 'cache-control': 'no-cache' }, 'warn: without no-transform'],
    [{ 'cache-control': '' }, 'warn: without no-cache and no-transform'],
    [{ 'cache-control': 'public, max-age=60' }, 'fail: caches may keep the stream: public, max-age=60'],
    [{ age: '7' }, 'fail: the response comes from a cache'],
    [{ 'x-cache': 'HIT from edge' }, 'fail: the response comes from a cache'],
  ])('caching %j', (more, finding) => {
    expect(judgeStream('cache-control', headers(more))).toBe(finding);
  });

  it.each([
    [10, 'pass: head after 10 ms'],
    [1500, 'warn: the head came after 1.5 s'],
    [6000, 'fail: the head came after 6 s'],
  ])('first byte after %i ms', (headAt, finding) => {
    expect(judgeStream('first-byte', { headAt })).toBe(finding);
  });

  it('that never came is a failure of nothing but the first byte', () => {
    const seen = observations({ stream: exchange({ headAt: null, status: 0 }), head: null, options: null });
    const verdicts = CHECKS.map((check) => `${check.id}: ${check.judge(seen).verdict}`);
    expect(verdicts.filter((each) => !each.endsWith('unknown'))).toEqual(['first-byte: fail']);
  });

  it.each([
    ['1.1', {}, null, 'pass: HTTP/1.1, kept alive'],
    ['1.0', {}, null, 'warn: HTTP/1.0'],
    ['1.1', { connection: 'close' }, null, 'warn: HTTP/1.1 with Connection: close'],
    ['1.1', { 'content-length': '100' }, null, 'fail: a Content-Length'],
    ['1.1', {}, 'h2', 'pass: HTTP/1.1 read here, HTTP/2 is offered'],
    ['1.1', {}, 'http/1.1', 'warn: HTTP/1.1 only'],
  ])('HTTP/%s %j, ALPN %s', (httpVersion, more, alpn, finding) => {
    const stream = { httpVersion, ...headers(more as Record<string, string>) };
    expect(judgeStream('http', stream, { alpn, secure: alpn !== null })).toContain(finding);
  });

  it('compressed: judged by what the same without compression gives', () => {
    const packed = headers({ 'content-encoding': 'br' });
    const plain = { uncompressed: exchange({ frames: events(100) }) };
    expect(judgeStream('compression', {})).toBe('pass: none');
    expect(judgeStream('compression', packed, plain)).toContain('fail: br holds events back: nothing; ');
    expect(judgeStream('compression', { ...packed, frames: events(3000) }, plain)).toContain(
      'nothing for 3 s',
    );
    expect(judgeStream('compression', { ...packed, frames: events(150) }, plain)).toContain(
      'warn: br: works',
    );
    expect(judgeStream('compression', packed)).toContain('unknown');
  });
});

describe('HEAD and OPTIONS', () => {
  it.each([
    [{ head: exchange({ status: 500 }, 'head') }, 'HEAD is answered with 500'],
    [{ head: exchange({ headAt: null }, 'head') }, 'HEAD is not answered'],
    [{ options: exchange({}, 'options') }, 'OPTIONS opens a stream'],
  ])('warn %#', (seen, why) => {
    expect(judge('methods', seen)).toMatchObject({ verdict: 'warn', why });
  });
});

describe('CORS', () => {
  const origin = 'https://shop.example';
  const stream = exchange(headers({ 'access-control-allow-origin': origin }));
  const answered = (allowed: string, status = 204) =>
    exchange(
      { status, headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': allowed } },
      'preflight',
    );

  it('is asked for only with an origin', () => {
    expect(judge('cors', {})).toMatchObject({ verdict: 'unknown' });
  });

  it('needs the header on the stream, and Last-Event-ID in the preflight', () => {
    expect(judge('cors', { origin, stream: exchange() }).verdict).toBe('fail');
    expect(judge('cors', { origin, stream, preflight: answered('Last-Event-ID') }).verdict).toBe('pass');
    expect(judge('cors', { origin, stream, preflight: answered('content-type') }).why).toContain(
      'does not allow last-event-id: a fetch client connects, and cannot resume',
    );
    expect(judge('cors', { origin, stream, preflight: answered('*', 403) }).why).toContain(
      'is refused (403)',
    );
  });

  it('knows that * does not stand for Authorization', () => {
    const seen = { origin, stream, preflight: answered('*'), headerNames: ['authorization'] };
    expect(judge('cors', seen).why).toContain('does not allow authorization');
    expect(judge('cors', { ...seen, headerNames: ['x-key'] }).verdict).toBe('pass');
  });
});

describe('buffering', () => {
  /** Published every 100 ms from here on; the clock of the server is 5 minutes ahead. */
  const stamped = (n: number, at: number, writtenAt = n * 100) =>
    event(n, at, { stampedAt: 1_700_000_000_000 + 300_000 + writtenAt });

  it('passes where each event comes when it is written, whatever the clocks say', () => {
    const frames = [1, 2, 3, 4, 5, 6].map((n) => stamped(n, n * 100 + 30));
    expect(judgeStream('buffering', { frames })).toMatch(/^pass: one by one/);
  });

  it('fails where ten events wait for the last of them', () => {
    const frames = Array.from({ length: 30 }, (_, n) => stamped(n, Math.ceil((n + 1) / 10) * 1000));
    expect(judgeStream('buffering', { frames })).toMatch(/^fail: held back and sent in bursts: up to 900 ms/);
  });

  it('does not take a replay for a burst', () => {
    const replay = Array.from({ length: 20 }, (_, n) => stamped(n, 20, n * 1000 - 60_000));
    const live = [1, 2, 3].map((n) => stamped(20 + n, n * 1000, n * 1000));
    expect(judgeStream('buffering', { frames: [...replay, ...live] })).toMatch(/^pass/);
  });

  it('sees a buffer that is sent when it is full, without any times', () => {
    const frames = events(1000, 1000, 1000, 2000, 2000, 2000);
    const cut = (at: number) => ({ at, bytes: 4096, endsInside: true });
    expect(judgeStream('buffering', { frames, pieces: [cut(1000), cut(2000), cut(3000)] })).toMatch(
      /^fail: sent when a buffer is full/,
    );
  });

  it('sees heartbeats that come together', () => {
    const frames = [...events(10), beat(9000), beat(9001), beat(9002)];
    expect(judgeStream('buffering', { frames })).toMatch(/^fail: heartbeats/);
  });

  it('only suspects bursts that the application may have made', () => {
    const frames = events(10, 2000, 2001, 2002, 2003, 4000, 4001, 4002, 4003);
    expect(judgeStream('buffering', { frames })).toMatch(/^warn: 4 frames at a time/);
  });

  it('is unknown where hardly anything came', () => {
    expect(judgeStream('buffering', { frames: [] })).toMatch(/^unknown/);
    expect(judgeStream('buffering', { frames: events(10, 20, 30) })).toMatch(/^unknown/);
  });
});

describe('heartbeat', () => {
  it.each<[string, SeenFrame[], string]>([
    [
      'a comment every 5 s',
      [beat(5000), beat(10_000), beat(15_000)],
      'pass: never silent for longer than 5 s',
    ],
    ['an event named ping', [frame(9000, { type: 'ping' }), frame(18_000, { type: 'ping' })], 'pass: '],
    ['nothing at all', [], 'fail: said nothing for 20 s'],
    ['a greeting, and nothing more', [beat(10)], 'fail: said nothing for 20 s'],
    ['a heartbeat that is slow', [beat(200), beat(17_500)], 'warn: silent for 17.3 s between heartbeats'],
    ['a busy stream', events(...Array.from({ length: 20 }, (_, n) => n * 1000 + 20)), 'unknown: never idle'],
  ])('%s', (_, frames, finding) => {
    expect(judgeStream('heartbeat', { frames })).toContain(finding);
  });

  it('holds a server of this kit to its word', () => {
    const body = {
      stream: 's',
      epoch: 'AbCdEfGh',
      head: 0,
      oldest: 1,
      resume: 'fresh',
      connection: 'c',
      protocol: 1,
    };
    const open = frame(10, {
      kind: 'control',
      type: 'stream.open',
      data: JSON.stringify({ ...body, heartbeatMs: 2000 }),
    });
    const finding = judgeStream('heartbeat', { frames: [open, beat(6000)], ending: { by: 'us', at: 7000 } });
    expect(finding).toBe('fail: silent for 6 s, although it promises 2 s');
  });
});

describe('ids', () => {
  const again = (...frames: SeenFrame[]) => ({ resume: exchange({ frames }, 'resume') });

  it.each<[string, SeenFrame[], string]>([
    ['none came', [beat(10)], 'unknown: no event came'],
    ['without', [frame(10), frame(20)], 'fail: none of 2 events has an id'],
    ['one without', [event(1, 10), frame(20)], 'warn: 1 of 2 events without an id'],
    ['twice', [event(1, 10), event(1, 20)], 'fail: the id 1 is given twice'],
    ['good', events(10, 20), 'pass: 2 ids, all different, on a second connection not seen'],
  ])('%s', (_, frames, finding) => {
    expect(judgeStream('ids', { frames })).toContain(finding);
  });

  it('are compared between connections', () => {
    const stream = { frames: events(10, 20, 30) };
    expect(judgeStream('ids', stream, again(event(2, 50)))).toContain(
      'pass: 3 ids, all different, the same on two',
    );
    expect(judgeStream('ids', stream, again(event(2, 50, { id: '77' })))).toContain('fail: not stable');
    expect(judgeStream('ids', stream, again(event(2, 50, { data: 'other' })))).toContain(
      'warn: the id 2 carries',
    );
  });
});

describe('resume', () => {
  const stream = exchange({ frames: events(100, 200, 300, 400, 5000) });
  const after2 = (more: Partial<Exchange>) =>
    judge('resume', {
      stream,
      resume: exchange({ sentAt: 1000, headAt: 1010, cursor: '2', ending: { by: 'us', at: 6000 }, ...more }),
    });
  const got = (...ns: number[]) => after2({ frames: ns.map((n, index) => event(n, 1020 + index)) });

  it.each<[string, number[], string, string]>([
    ['what follows', [3, 4, 5], 'pass', 'exact: 2 events that had to follow, none twice'],
    ['what follows, and no more yet', [3, 4], 'pass', 'exact: 2 events that had to follow, none twice'],
    ['the cursor again', [2, 3, 4], 'fail', 'repeats the event that the cursor names'],
    ['everything again', [1, 2, 3, 4], 'fail', 'replays from the start: 2 events again'],
    [
      'everything, and what was before',
      [-1, 0, 1, 2, 3, 4],
      'fail',
      'replays from the start: 2 events again',
    ],
    ['one twice', [3, 3, 4], 'fail', 'repeats the event 3'],
    ['another order', [4, 3, 5], 'fail', 'another order'],
    ['a hole in the replay', [4, 5], 'fail', 'leaves a hole: 1 event after the cursor never came'],
    ['a hole between replay and live', [3, 5], 'fail', 'leaves a hole: 1 event'],
    ['only what is new', [5], 'fail', 'goes on live: 2 events after the cursor never came'],
    ['ids that nobody knows', [70, 71], 'fail', 'goes on live: 2 events'],
    ['nothing', [], 'fail', 'leaves a hole: 2 events'],
    ['the beginning of a replay', [3], 'unknown', 'the replay was not over'],
  ])('%s', (_, ns, verdict, why) => {
    expect(got(...ns)).toMatchObject({ verdict, why: expect.stringContaining(why) });
  });

  it('is unknown where nothing was shown', () => {
    expect(judge('resume', {}).why).toBe('no event came to resume after');
    expect(judge('resume', { stream: exchange({ frames: [frame(1)] }) }).why).toContain('no ids');
    expect(judge('resume', { stream }).why).toContain('to try it');
    expect(after2({ status: 429 }).verdict).toBe('unknown');
    expect(after2({ ending: { by: 'us', at: 1500 } }).verdict).toBe('unknown');
    const late = exchange({ sentAt: 1000, cursor: '2', frames: [event(3, 1100)] });
    expect(judge('resume', { stream: exchange({ frames: events(100, 200) }), resume: late }).verdict).toBe(
      'unknown',
    );
  });

  it('is refused, or answered with an honest no', () => {
    expect(after2({ status: 400 })).toMatchObject({
      verdict: 'fail',
      why: expect.stringContaining('gets 400'),
    });
    const no = frame(1020, { kind: 'control', type: 'stream.cannot-resume', data: '{}' });
    expect(after2({ frames: [no] })).toMatchObject({ verdict: 'warn' });
  });
});

describe('gap honesty', () => {
  const stream = exchange({ frames: events(100, 200, 300) });
  const asked = (more: Partial<Exchange>) =>
    judge('gap', { stream, unknownId: exchange({ sentAt: 1000, cursor: 'nobody', ...more }) });

  it.each<[string, Partial<Exchange>, string, string]>([
    ['a control frame', { frames: [frame(1, { type: 'stream.cannot-resume' })] }, 'pass', 'announced'],
    ['an event of another make', { frames: [frame(1, { type: 'history-lost' })] }, 'pass', 'announced'],
    ['a header', { headers: { 'stream-resume': 'gap; reason=unknown' } }, 'pass', 'announced'],
    ['a refusal', { status: 400 }, 'warn', 'gets 400'],
    ['a replay', { frames: events(1010, 1020) }, 'warn', 'replays 2 events that came before'],
    ['only what is new', { frames: [event(9, 1010)] }, 'fail', 'as if nothing was lost'],
    ['silence', { frames: [] }, 'unknown', 'nothing came at all'],
    ['a limit', { status: 503 }, 'unknown', 'refused with 503'],
  ])('%s', (_, more, verdict, why) => {
    expect(asked(more)).toMatchObject({ verdict, why: expect.stringContaining(why) });
  });
});

it('does not take the application’s own events for an announcement of a loss', () => {
  const own = (n: number, at: number) => event(n, at, { type: 'password.reset' });
  const stream = exchange({ frames: [own(1, 100), own(2, 200), own(3, 300)] });
  const later = { sentAt: 1000, ending: { by: 'us', at: 6000 } as const };
  expect(judge('gap', { stream, unknownId: exchange({ ...later, frames: [own(4, 1010)] }) }).verdict).toBe(
    'fail',
  );
  const resume = exchange({ ...later, cursor: '2', frames: [own(3, 1010)] });
  expect(judge('resume', { stream, resume }).verdict).toBe('pass');
});

describe('retry', () => {
  it.each([
    ['3000', 'pass: 3 s'],
    ['0', 'fail: 0 ms: clients reconnect in a hot loop'],
    ['200', 'warn: 200 ms'],
    ['600000', 'warn: 600 s'],
    ['5x', 'fail: not a whole number'],
    [null, 'warn: none'],
  ])('%s', (retry, finding) => {
    expect(judgeStream('retry', { frames: [frame(10, { retry })] })).toContain(finding);
  });
});

describe('the end', () => {
  const by = (how: 'server' | 'cut') =>
    how === 'cut' ? { by: how, at: 9000, message: 'reset' } : { by: how, at: 9000 };
  const last = (type: string) => ({ frames: [frame(8000, { kind: 'control', type })], ending: by('server') });

  it('is judged only where the server ended it', () => {
    expect(judgeStream('drain', {})).toContain('unknown');
    expect(judgeStream('drain', last('stream.end'))).toContain('pass: complete');
    expect(judgeStream('drain', last('stream.drain'))).toContain('pass: announced');
    expect(judgeStream('drain', { ending: by('server') })).toBe('warn: closed after 9 s without a word');
    expect(judgeStream('drain', { ending: by('cut') })).toContain('fail: cut after 9 s');
  });
});
