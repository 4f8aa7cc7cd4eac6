import { header, type RequestHead, type ResponseHead } from './head.ts';

/** How the end of a message body is marked on the wire (RFC 9112 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

export function requestFraming(head: RequestHead): Framing {
  if (isChunked(head)) return { kind: 'chunked' };
  const length = contentLength(head);
  return length === null || length === 0 ? { kind: 'none' } : { kind: 'length', length };
}

export function responseFraming(method: string, head: ResponseHead): Framing {
  const { status } = head;
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (isChunked(head)) return { kind: 'chunked' };
  const length = contentLength(head);
  return length === null ? { kind: 'close' } : { kind: 'length', length };
}

/** Whether the connection may carry another exchange after this message. */
export function keepsAlive(head: RequestHead | ResponseHead): boolean {
  const connection = (header(head.headers, 'connection') ?? '').toLowerCase();
  return head.version === '1.0' ? connection.includes('keep-alive') : !connection.includes('close');
}

/** Wraps payload as one HTTP chunk. */
export function encodeChunk(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${payload.length.toString(16)}\r\n`), payload, CRLF]);
}

/** The last chunk, without trailers. */
export const LAST_CHUNK = Buffer.from('0\r\n\r\n');

const CRLF = Buffer.from('\r\n');

function isChunked(head: RequestHead | ResponseHead): boolean {
  return (header(head.headers, 'transfer-encoding') ?? '').toLowerCase().includes('chunked');
}

function contentLength(head: RequestHead | ResponseHead): number | null {
  const text = header(head.headers, 'content-length');
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}
