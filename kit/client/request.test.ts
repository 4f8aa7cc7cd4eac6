import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { LAST_EVENT_ID_HEADER } from '../protocol/constants.ts';
import { buildRequest } from './request.ts';

const signal = new AbortController().signal;
const headerOf = async (cursor: string) => {
  const request = await buildRequest('http://test/', {}, { attempt: 1, cursor, refresh: false, signal });
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
