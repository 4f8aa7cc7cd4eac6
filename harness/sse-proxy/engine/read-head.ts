import {
  headLength,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from '../http/head.ts';
import type { SocketEnd, SocketReader } from './socket-reader.ts';

const LARGEST_HEAD_BYTES = 1024 * 1024;

export type HeadResult<Head> =
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'not-http' }
  | { readonly kind: 'end'; readonly how: SocketEnd };

/** Reads one request head; what follows it stays with the reader. */
export async function readRequestHead(reader: SocketReader): Promise<HeadResult<RequestHead>> {
  const bytes = await readHeadBytes(reader);
  if (!Buffer.isBuffer(bytes)) return bytes;
  const head = parseRequestHead(bytes);
  return head ? { kind: 'head', head } : { kind: 'not-http' };
}

/** Reads the final response head; interim ones (1xx) are handed over as bytes. */
export async function readResponseHead(
  reader: SocketReader,
  onInterim: (bytes: Buffer) => Promise<unknown>,
): Promise<HeadResult<ResponseHead>> {
  for (;;) {
    const bytes = await readHeadBytes(reader);
    if (!Buffer.isBuffer(bytes)) return bytes;
    const head = parseResponseHead(bytes);
    if (!head) return { kind: 'not-http' };
    if (head.status >= 200) return { kind: 'head', head };
    await onInterim(bytes);
  }
}

async function readHeadBytes(
  reader: SocketReader,
): Promise<Buffer | { kind: 'not-http' } | { kind: 'end'; how: SocketEnd }> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    while (bytes[0] === 13 || bytes[0] === 10) bytes = bytes.subarray(1); // RFC 9112 2.2
    const length = headLength(bytes);
    if (length >= 0) {
      reader.unread(bytes.subarray(length));
      return bytes.subarray(0, length);
    }
    if (bytes.length > LARGEST_HEAD_BYTES) return { kind: 'not-http' };
    const read = await reader.read();
    if (read.kind === 'end') return read;
    bytes = bytes.length === 0 ? read.bytes : Buffer.concat([bytes, read.bytes]);
  }
}
