import { validateHeaderName, validateHeaderValue } from 'node:http';
import { quote, SseKitError } from '../../kit/protocol/index.ts';

/**
 * Reads the URL of an endpoint.
 * @throws SseKitError `ERR_USAGE` for anything but http and https.
 */
export function endpointUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new SseKitError('ERR_USAGE', `not an http URL: ${url ? quote(shownUrl(url)) : 'it cannot be read'}`);
}

/** A URL as it may be printed: tokens travel in its user part and in its query. */
export function shownUrl(url: string | URL): string {
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`;
}

/**
 * Reads `name: value` as many times as it was given. No message says a value, nor anything that could be one: commander
 * would quote it, so this is not its parser.
 * @throws SseKitError `ERR_USAGE`
 */
export function requestHeaders(given: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, text] of given.entries()) {
    const colon = text.indexOf(':');
    const name = text.slice(0, colon).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    try {
      if (colon < 0) throw new TypeError();
      validateHeaderName(name);
    } catch {
      throw new SseKitError('ERR_USAGE', `header ${index + 1} is not of the form name:value`);
    }
    try {
      validateHeaderValue(name, value);
    } catch {
      throw new SseKitError('ERR_USAGE', `the value of header ${quote(name)} cannot be sent`);
    }
    headers[name] = value;
  }
  return headers;
}
