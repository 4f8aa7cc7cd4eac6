import { describe, expect, it } from 'vitest';
import { asServerWants, questionOf } from './question.ts';

const request = (url: string) => ({
  method: 'GET',
  url,
  version: '1.1',
  headers: [
    ['Host', '127.0.0.1:5'],
    ['Accept-Encoding', 'gzip'],
    ['Last-Event-ID', '7'],
  ] satisfies [string, string][],
});

describe('a question to a server that is not ours', () => {
  it('keeps secrets apart from what may be written down', () => {
    const { url, query, headers } = questionOf(
      new URL('https://me:p%40ss@shop.example/orders?token=t#here'),
      {
        headers: { 'x-key': 'k' },
      },
    );
    expect(url.href).toBe('https://shop.example/orders');
    expect(query).toBe('?token=t');
    expect(headers).toEqual({ authorization: `Basic ${btoa('me:p@ss')}`, 'x-key': 'k' });
  });

  it('lets a header go before the user part of the URL', () => {
    const { headers } = questionOf(new URL('http://me:x@a/'), { headers: { authorization: 'Bearer b' } });
    expect(headers).toEqual({ authorization: 'Bearer b' });
  });

  it('is asked by the proxy with the name of the server and with the secrets', () => {
    const question = questionOf(new URL('https://shop.example:8443/orders?token=t'), {
      headers: { 'x-key': 'k' },
    });
    expect(asServerWants(question, request('/orders'))).toEqual({
      ...request('/orders?token=t'),
      headers: [
        ['Last-Event-ID', '7'],
        ['host', 'shop.example:8443'],
        ['accept-encoding', 'identity'],
        ['x-key', 'k'],
      ],
    });
    expect(asServerWants(question, request('/orders?lastEventId=7')).url).toBe(
      '/orders?token=t&lastEventId=7',
    );
  });
});
