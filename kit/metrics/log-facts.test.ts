import { Writable } from 'node:stream';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { CLIENT_FACTS, SERVER_FACTS } from './facts.fixture.ts';
import { consoleLogger, logClientFacts, logServerFacts } from './log-facts.ts';
import { redact, redactText } from './redact.ts';

function sink() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString('utf8')) as Record<string, unknown>);
      done();
    },
  });
  return { lines, logger: pino({ level: 'debug' }, stream) };
}

const PER_EVENT_SERVER = ['published', 'delivered', 'heartbeats'];
const PER_EVENT_CLIENT = ['received', 'processed', 'heartbeat'];

describe('log lines of a server', () => {
  it('are one per lifecycle fact, in pino’s JSON', () => {
    const { lines, logger } = sink();
    const observe = logServerFacts(logger);
    const facts = Object.values(SERVER_FACTS);
    for (const fact of facts) observe(fact);
    expect(lines.map(({ fact }) => fact)).toEqual(
      facts.map(({ kind }) => kind).filter((kind) => !PER_EVENT_SERVER.includes(kind)),
    );
    expect(lines.every(({ msg, stream }) => String(msg).startsWith('sse ') && stream === 'orders')).toBe(
      true,
    );
  });

  it('share stream, connection and trace ids with the client’s', () => {
    const { lines, logger } = sink();
    logServerFacts(logger)(SERVER_FACTS['connection-opened']);
    const opened = CLIENT_FACTS.find(({ kind }) => kind === 'open');
    if (opened) logClientFacts(logger)(opened);
    const ids = lines.map(({ stream, connection, traceId }) => ({ stream, connection, traceId }));
    expect(ids).toHaveLength(2);
    expect(ids[0]).toEqual(ids[1]);
    expect(ids[0]).toEqual({ stream: 'orders', connection: 'c-1', traceId: 'a'.repeat(32) });
  });

  it('rise with the trouble', () => {
    const { lines, logger } = sink();
    const observe = logServerFacts(logger);
    observe(SERVER_FACTS['connection-opened']);
    observe(SERVER_FACTS['cannot-resume']);
    observe(SERVER_FACTS['epoch-changed']);
    expect(lines.map(({ level }) => level)).toEqual([30, 40, 50]);
  });

  it('tell of each event only when asked, at level debug', () => {
    const { lines, logger } = sink();
    const observe = logServerFacts(logger, { perEvent: true });
    for (const kind of ['published', 'delivered', 'heartbeats'] as const) observe(SERVER_FACTS[kind]);
    expect(lines.map(({ level, fact }) => [level, fact])).toEqual(PER_EVENT_SERVER.map((kind) => [20, kind]));
  });
});

describe('log lines of a client', () => {
  it('are one per lifecycle fact and never quote a payload', () => {
    const { lines, logger } = sink();
    const observe = logClientFacts(logger);
    for (const fact of CLIENT_FACTS) observe(fact);
    expect(lines.map(({ fact }) => fact)).toEqual(
      CLIENT_FACTS.map(({ kind }) => kind).filter((kind) => !PER_EVENT_CLIENT.includes(kind)),
    );
    expect(JSON.stringify(lines)).not.toContain('secretPayload');
  });

  it('hide the token of the URL and keep the rest', () => {
    const { lines, logger } = sink();
    for (const fact of CLIENT_FACTS.filter(({ kind }) => kind === 'open')) logClientFacts(logger)(fact);
    expect(lines[0]?.url).toBe('http://localhost/stream?token=[redacted]');
  });

  it('go to a browser’s console as message and object', () => {
    const calls: unknown[][] = [];
    const record =
      (level: string) =>
      (...args: unknown[]) =>
        void calls.push([level, ...args]);
    const fake = {
      debug: record('debug'),
      info: record('info'),
      warn: record('warn'),
      error: record('error'),
    };
    const observe = logClientFacts(consoleLogger(fake));
    for (const fact of CLIENT_FACTS.filter(({ kind }) => ['open', 'gap', 'give-up'].includes(kind)))
      observe(fact);
    expect(calls.map(([level, message]) => [level, message])).toEqual([
      ['info', 'sse open'],
      ['info', 'sse open'],
      ['warn', 'sse gap'],
      ['error', 'sse give-up'],
    ]);
    expect(calls[2]?.[2]).toMatchObject({ reason: 'hole', missed: 2 });
  });
});

describe('redaction', () => {
  it.each([
    ['https://a/b?access_token=abc&x=1', 'https://a/b?access_token=[redacted]&x=1'],
    ['https://a/b?x=1&X-Amz-Signature=abc#f', 'https://a/b?x=1&X-Amz-Signature=[redacted]#f'],
    ['https://a/b?api%5Fkey=abc', 'https://a/b?api%5Fkey=[redacted]'],
    ['redis://user:pass@host:1/0 refused', 'redis://[redacted]@host:1/0 refused'],
    ['Authorization: Bearer abc.def', 'Authorization: Bearer [redacted]'],
    ['jwt eyJhbGciOi.eyJzdWIi.c2ln here', 'jwt [redacted] here'],
    ['https://a/b?lastEventId=epoch123.4', 'https://a/b?lastEventId=epoch123.4'],
    ['https://a/b?%zz=1&token=abc', 'https://a/b?%zz=1&token=[redacted]'],
  ])('%s', (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it('hides by name at any depth, in objects, headers, maps and errors', () => {
    const error = new Error('GET /s?token=abc failed', { cause: new Error('Bearer xyz') });
    const cleaned = JSON.stringify(
      redact({
        headers: { Authorization: 'Basic abc', Accept: 'text/event-stream' },
        fetched: new Headers({ cookie: 'sid=abc' }),
        list: [{ password: 'abc' }, new Map([['apiKey', 'abc']])],
        error,
      }),
    );
    expect(cleaned).not.toMatch(/abc|xyz/);
    expect(cleaned).toContain('text/event-stream');
    expect(cleaned).toContain('"name":"Error"');
  });

  it('ends on cycles', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(JSON.stringify(redact(cycle))).toContain('[deeper]');
  });
});
