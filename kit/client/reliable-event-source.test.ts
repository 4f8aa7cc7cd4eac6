import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Exchange } from '../testing/index.ts';
import { ReliableEventSource as OnFetch, type ReliableEventSourceInit, StreamErrorEvent } from './index.ts';
import { ReliableEventSource as OnNode } from './node/index.ts';
import { afterwards, serve } from './scripted.fixture.ts';

const RETRY = { baseMs: 10, maxMs: 40 };
const END = 'event: stream.end\ndata: {}\n\n';
describe.each([
  ['on fetch', OnFetch],
  ['on node:http', OnNode],
])('ReliableEventSource %s (WHATWG HTML 9.2)', (_name, ReliableEventSource) => {
  /** A source and everything it fired, as text, in order. */
  function open(url: string, init: ReliableEventSourceInit = {}, names: readonly string[] = []) {
    const source = new ReliableEventSource(url, { retry: RETRY, ...init });
    afterwards(() => source.close());
    const log: string[] = [];
    source.onopen = () => log.push(`open ${source.readyState}`);
    source.onerror = () => log.push(`error ${source.readyState}`);
    for (const name of ['message', ...names]) {
      source.addEventListener(name, ({ type, data, lastEventId }: MessageEvent) =>
        log.push(`${type} ${lastEventId || '-'} ${data}`),
      );
    }
    const ended = new Promise<void>((resolve) => {
      source.addEventListener('error', () => {
        if (source.readyState === source.CLOSED) resolve();
      });
    });
    return { source, log, ended };
  }

  it('has the constants, on the class and on each instance', async () => {
    const server = await serve((exchange) => exchange.end(END));
    const { source, ended } = open(server.url);
    expect([ReliableEventSource.CONNECTING, ReliableEventSource.OPEN, ReliableEventSource.CLOSED]).toEqual([
      0, 1, 2,
    ]);
    expect([source.CONNECTING, source.OPEN, source.CLOSED]).toEqual([0, 1, 2]);
    expect(source).toBeInstanceOf(EventTarget);
    expect([source.readyState, source.url, source.withCredentials]).toEqual([0, server.url, false]);
    await ended;
  });

  it('fires open, messages and named events in order, with an id that stays until it is changed', async () => {
    const server = await serve((exchange) =>
      exchange.end(
        'data: a\n\nid: 1\ndata: b\n\ndata: c\n\nevent: tick\ndata: d\n\nid\ndata: e\n\nid: 2\ndata: f\ndata: g\n\n' +
          END,
      ),
    );
    const { log, ended } = open(server.url, {}, ['tick']);
    await ended;
    expect(log).toEqual([
      'open 1',
      'message - a',
      'message 1 b',
      'message 1 c',
      'tick 1 d',
      'message - e',
      'message 2 f\ng',
      'error 2',
    ]);
  });

  it('keeps the last id over a reconnect, and sends it', async () => {
    const server = await serve((exchange) => {
      if (exchange.number === 1) exchange.end('id: 7\ndata: a\n\n');
      else exchange.end(`data: b\n\n${END}`);
    });
    const { log, ended } = open(server.url);
    await ended;
    expect(server.exchanges.map(({ lastEventId }) => lastEventId)).toEqual([null, '7']);
    expect(log).toEqual(['open 1', 'message 7 a', 'error 0', 'open 1', 'message 7 b', 'error 2']);
  });

  it('gives the origin of the URL that answered, after redirects', async () => {
    const target = await serve((exchange) => exchange.end(`data: a\n\n${END}`));
    const server = await serve(
      ({ response }) => void response.writeHead(307, { location: target.url }).end(),
    );
    const { source, ended } = open(server.url);
    const origins: string[] = [];
    source.onmessage = ({ origin }) => origins.push(origin);
    await ended;
    expect(origins).toEqual([new URL(target.url).origin]);
    expect(source.url).toBe(server.url);
  });

  it.each([
    ['204', (exchange: Exchange) => void exchange.response.writeHead(204).end()],
    ['404', (exchange: Exchange) => void exchange.response.writeHead(404).end()],
    ['text/html', (exchange: Exchange) => exchange.open({ 'content-type': 'text/html' })],
    ['text/event-streamx', (exchange: Exchange) => exchange.open({ 'content-type': 'text/event-streamx' })],
  ])('closes for good with one error after %s, without open', async (_what, answer) => {
    const server = await serve(answer);
    const { source, log, ended } = open(server.url);
    await ended;
    expect(log).toEqual(['error 2']);
    expect(source.readyState).toBe(2);
    expect(server.exchanges).toHaveLength(1);
  });

  it('takes a content type with parameters, in any case', async () => {
    const server = await serve(async (exchange) => {
      exchange.open({ 'content-type': 'Text/Event-Stream;charset=utf-8' });
      exchange.end(`data: a\n\n${END}`);
    });
    const { log, ended } = open(server.url);
    await ended;
    expect(log).toContain('message - a');
  });

  it('retries a 503, which the platform does not, and says why', async () => {
    const server = await serve((exchange) => {
      if (exchange.number === 1) exchange.response.writeHead(503).end();
      else exchange.end(END);
    });
    const { source, log, ended } = open(server.url);
    const failures: unknown[] = [];
    source.addEventListener('error', (event) => {
      if (event instanceof StreamErrorEvent) failures.push(event.failure?.status);
    });
    await ended;
    expect(log).toEqual(['error 0', 'open 1', 'error 2']);
    expect(failures).toEqual([503, undefined]);
  });

  it('fires nothing after close(), not even for events that were read already', async () => {
    const server = await serve((exchange) => exchange.write('data: a\n\ndata: b\n\n'));
    const { source, log } = open(server.url);
    await new Promise<void>((resolve) => {
      source.onmessage = () => {
        source.close();
        resolve();
      };
    });
    await source.stream.closed;
    await server.exchanges[0]?.closed;
    expect(source.readyState).toBe(2);
    expect(log).toEqual(['open 1', 'message - a']);
  });

  it.each(['close()', 'its signal'])('connects no more after %s, whoever tells it to', async (how) => {
    const server = await serve((exchange) => exchange.write('id: 1\ndata: a\n\n'));
    const controller = new AbortController();
    const { source } = open(server.url, { signal: controller.signal });
    await new Promise((resolve) => source.addEventListener('message', resolve));
    if (how === 'close()') source.close();
    else controller.abort();
    source.stream.reconnect();
    expect(source.stream.state).toBe('closed');
    await source.stream.closed;
    source.stream.reconnect();
    expect(source.stream.state).toBe('closed');
  });

  it('fires again when it is told to reconnect, also after a signal that came when it had given up', async () => {
    const server = await serve((exchange) => {
      if (exchange.number === 1) exchange.response.writeHead(404).end();
      else exchange.end(`data: a\n\n${END}`);
    });
    const controller = new AbortController();
    const { source, log, ended } = open(server.url, { signal: controller.signal });
    await ended;
    controller.abort();
    source.stream.reconnect();
    await expect.poll(() => log).toContain('message - a');
  });

  it('ends with its signal as with close()', async () => {
    const server = await serve((exchange) => exchange.write('data: a\n\n'));
    const controller = new AbortController();
    const { source, log } = open(server.url, { signal: controller.signal });
    await new Promise((resolve) => source.addEventListener('message', resolve));
    controller.abort();
    await source.stream.closed;
    expect([source.readyState, log]).toEqual([2, ['open 1', 'message - a']]);
    const aborted = open(server.url, { signal: controller.signal });
    await aborted.source.stream.closed;
    expect([aborted.source.readyState, aborted.log]).toEqual([2, []]);
  });

  it('keeps an attribute handler at its place until it is set to null', async () => {
    const server = await serve((exchange) => exchange.end(`data: a\n\n${END}`));
    const { source, ended } = open(server.url);
    const calls: string[] = [];
    source.onmessage = () => calls.push('replaced');
    source.addEventListener('message', () => calls.push('listener'));
    source.addEventListener('message', { handleEvent: () => calls.push('object') }, { once: true });
    source.onmessage = function () {
      calls.push(this === source ? 'attribute' : 'wrong this');
    };
    source.onopen = null;
    await ended;
    expect(calls).toEqual(['attribute', 'listener', 'object']);
    expect(source.onopen).toBe(null);
  });

  it('does not dispatch an event that the end of the stream cut, nor send its id', async () => {
    const server = await serve((exchange) => {
      if (exchange.number === 1) exchange.end('id: 1\ndata: a\n\nid: 2\ndata: b\n');
      else exchange.end(END);
    });
    const { log, ended } = open(server.url);
    await ended;
    expect(log.filter((line) => line.startsWith('message'))).toEqual(['message 1 a']);
    expect(server.exchanges[1]?.lastEventId).toBe('1');
  });

  it('hands control frames only to listeners of their very name', async () => {
    const server = await serve((exchange) =>
      exchange.end(`event: stream.future\ndata: x\n\n: hb epochABC.0 5\n\ndata: a\n\n${END}`),
    );
    const plain = open(server.url);
    await plain.ended;
    expect(plain.log).toEqual(['open 1', 'message - a', 'error 2']);
    const curious = open(server.url, {}, ['stream.future', 'stream.heartbeat', 'stream.end']);
    await curious.ended;
    expect(curious.log).toEqual([
      'open 1',
      'stream.future - x',
      'stream.heartbeat - {"head":"epochABC.0","unixMs":5}',
      'message - a',
      'stream.end - {}',
      'error 2',
    ]);
  });

  it('calls the callbacks of its options, too, and reports one that rejects', async () => {
    const server = await serve((exchange) => {
      if (exchange.number === 1) exchange.response.writeHead(503).end();
      else exchange.end(`: hb epochABC.0 5\n\n${END}`);
    });
    const calls: string[] = [];
    const errors: string[] = [];
    const { ended, source } = open(server.url, {
      onOpen: ({ kind }) => void calls.push(kind),
      onControl: ({ kind }) => void calls.push(kind),
      onHeartbeat: async ({ kind }) => {
        calls.push(kind);
        throw new Error('later');
      },
      onDisconnect: ({ kind }) => void calls.push(kind),
      onStateChange: ({ to }) => void calls.push(to),
      onError: ({ code, message }) => void (code === 'ERR_CALLBACK' && errors.push(message)),
    });
    await ended;
    await source.stream.closed;
    expect(calls).toEqual([
      'connecting',
      'disconnect',
      'waiting',
      'connecting',
      'open',
      'open',
      'heartbeat',
      'control',
      'closed',
    ]);
    expect(errors).toEqual(['callback threw: later']);
  });

  it('decodes payloads when it is asked to', async () => {
    const server = await serve((exchange) => exchange.end(`data: {"n":1}\n\n${END}`));
    const { source, ended } = open(server.url, { decode: true });
    const seen: unknown[] = [];
    source.onmessage = ({ data }) => seen.push(data);
    await ended;
    expect(seen).toEqual([{ n: 1 }]);
  });

  it('refuses a URL that cannot be parsed as the platform does', () => {
    expect(() => new ReliableEventSource('http://')).toThrow(DOMException);
  });
});

describe('the types', () => {
  it('fit wherever an EventSource is expected', () => {
    expectTypeOf<OnFetch>().toExtend<EventSource>();
    expectTypeOf<OnNode>().toExtend<EventSource>();
    const Constructor: {
      new (url: string | URL, init?: EventSourceInit): EventSource;
      readonly CONNECTING: 0;
      readonly OPEN: 1;
      readonly CLOSED: 2;
    } = OnFetch;
    const usage = (source: EventSource) => {
      source.onmessage = ({ data, lastEventId, origin }) => [data, lastEventId, origin];
      source.addEventListener('tick', ({ data }: MessageEvent<string>) => data);
      source.addEventListener('open', (event) => event.timeStamp);
    };
    expectTypeOf(usage).toBeCallableWith({} as OnFetch);
    expect(Constructor.CLOSED).toBe(2);
  });

  it('have one handler for each attribute, whatever a subclass adds in its place', () => {
    class Wrapping extends OnFetch {
      override addEventListener(type: string, listener: unknown): void {
        super.addEventListener(type, (event: Event) => (listener as EventListener)(event));
      }
    }
    const source = new Wrapping('http://test/', { signal: AbortSignal.abort() });
    const calls: string[] = [];
    source.onopen = () => calls.push('first');
    source.onopen = () => calls.push('second');
    source.dispatchEvent(new Event('open'));
    source.onopen = null;
    source.dispatchEvent(new Event('open'));
    expect(calls).toEqual(['second']);
  });

  it('let subclasses override methods and attributes', () => {
    class Recording extends OnFetch {
      readonly types: string[] = [];
      override addEventListener(type: string, listener: unknown): void {
        this.types.push(type);
        super.addEventListener(type, listener as EventListener);
      }
      override get onopen() {
        return super.onopen;
      }
      override set onopen(handler) {
        super.onopen = handler;
      }
    }
    const source = new Recording('http://test/', { signal: AbortSignal.abort() });
    const handler = () => undefined;
    source.onopen = handler;
    source.addEventListener('tick', () => undefined);
    expect([source.onopen, source.types.includes('tick')]).toEqual([handler, true]);
  });
});
