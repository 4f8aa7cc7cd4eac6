import http from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LAST_EVENT_ID_HEADER } from '../protocol/constants.ts';
import type { ConnectOptions } from './options.ts';
import { buildRequest } from './request.ts';

const signal = new AbortController().signal;
const TRACE = '0123456789abcdef'.repeat(2);
const headerOf = async (cursor: string) => {
  const request = await buildRequest(
    'http://test/',
    {},
    { attempt: 1, cursor, refresh: false, signal },
    TRACE,
  );
  return request.headers[LAST_EVENT_ID_HEADER] ?? '';
};

describe('the cursor as a header', () => {
  it('is the bytes of its UTF-8, so that any id comes back exactly', async () => {
    const value = await headerOf('é日🙂-1');
    expect(Buffer.from(value, 'latin1').toString('utf8')).toBe('é日🙂-1');
  });

  it.each([
    ['NUL', 'a\0b'],
    ['line ends', 'a\r\nx-injected: 1'],
    ['an escape', 'a\u001b[31m'],
    ['DEL', 'a\u007f'],
  ])('with %s can be sent by Node and by fetch, and is no longer that id', async (_, id) => {
    const value = await headerOf(id);
    expect(() => http.validateHeaderValue(LAST_EVENT_ID_HEADER, value)).not.toThrow();
    expect(() => new Headers({ [LAST_EVENT_ID_HEADER]: value })).not.toThrow();
    const sent = Buffer.from(value, 'latin1').toString('utf8');
    expect(sent).not.toBe(id);
    expect(sent).toContain('\ufffd');
  });

  it('keeps a tab, which is allowed inside', async () => {
    expect(await headerOf('a\tb')).toBe('a\tb');
  });
});

describe('the trace of the client', () => {
  const sent = async (url: string | URL, options: ConnectOptions = {}, attempt = 1) => {
    const info = { attempt, cursor: null, refresh: false, signal };
    return (await buildRequest(url, options, info, TRACE)).headers.traceparent;
  };
  const page = (href: string): void => void vi.stubGlobal('location', new URL(href));
  afterEach(() => void vi.unstubAllGlobals());

  it('goes with every request of a process that has no origin, with a parent id per attempt', async () => {
    expect(await sent('http://test/')).toBe(`00-${TRACE}-0123456700000001-01`);
    expect(await sent('http://test/', {}, 258)).toBe(`00-${TRACE}-0123456700000102-01`);
  });

  it.each([
    ['a relative URL', '/stream', true],
    ['a URL of the page’s origin', new URL('https://shop.example/stream'), true],
    ['another host', 'https://api.shop.example/stream', false],
    ['another port', 'https://shop.example:444/stream', false],
    ['another scheme', 'http://shop.example/stream', false],
  ])('in a page, to %s: %#', async (_, url, goes) => {
    page('https://shop.example/orders/1');
    expect((await sent(url)) !== undefined).toBe(goes);
    expect(await sent(url, { trace: 'always' })).toBeDefined();
    expect(await sent(url, { trace: 'never' })).toBeUndefined();
  });

  it('gives way to a traceparent that the application sends', async () => {
    expect(await sent('http://test/', { headers: { Traceparent: 'of the application' } })).toBe(
      'of the application',
    );
  });
});
