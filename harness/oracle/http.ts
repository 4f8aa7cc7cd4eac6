/** What the reader of one direction of a connection reports. */
export interface HttpBodySink {
  /** A final response head was read (1xx are skipped). */
  onResponse(status: number): void;
  /** Bytes of the body, without HTTP framing. */
  onBody(bytes: Uint8Array): void;
}

type Mode =
  | { readonly kind: 'head' }
  | { readonly kind: 'chunk-size' }
  | { readonly kind: 'chunk'; left: number }
  | { readonly kind: 'chunk-end' }
  | { readonly kind: 'trailers' }
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'until-close' }
  | { readonly kind: 'broken' };

const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

/** Reads the bytes of one direction. */
export interface HttpBodyReader {
  feed(bytes: Uint8Array): void;
  /** Whether what was fed ends with a whole response, or is nothing. */
  isBetweenResponses(): boolean;
}

/**
 * Takes the bytes that a server sent on one HTTP/1.1 connection and hands out the bodies (RFC 9112, 6 and 7). Written
 * for recorded bytes: it never throws; after framing that it cannot read, it goes silent.
 */
export function createHttpBodyReader(sink: HttpBodySink): HttpBodyReader {
  let rest: Buffer = Buffer.alloc(0);
  let mode: Mode = { kind: 'head' };

  const takeUntil = (mark: Buffer): string | null => {
    const end = rest.indexOf(mark);
    if (end === -1) return null;
    const text = rest.subarray(0, end).toString('latin1');
    rest = rest.subarray(end + mark.length);
    return text;
  };
  const takeBody = (most: number): number => {
    const bytes = rest.subarray(0, most);
    rest = rest.subarray(bytes.length);
    if (bytes.length > 0) sink.onBody(bytes);
    return bytes.length;
  };
  /** One step; false when more bytes are needed. */
  const step = (): boolean => {
    switch (mode.kind) {
      case 'head': {
        const head = takeUntil(HEAD_END);
        if (head === null) return false;
        mode = afterHead(head, sink);
        return true;
      }
      case 'chunk-size': {
        const line = takeUntil(CRLF);
        if (line === null) return false;
        const size = /^[0-9a-fA-F]{1,12}(?=\s*(?:;|$))/.exec(line)?.[0];
        if (size === undefined) mode = { kind: 'broken' };
        else if (Number.parseInt(size, 16) === 0) mode = { kind: 'trailers' };
        else mode = { kind: 'chunk', left: Number.parseInt(size, 16) };
        return true;
      }
      case 'chunk':
      case 'length': {
        mode.left -= takeBody(mode.left);
        if (mode.left > 0) return false;
        mode = { kind: mode.kind === 'chunk' ? 'chunk-end' : 'head' };
        return true;
      }
      case 'chunk-end': {
        if (rest.length < 2) return false;
        mode = { kind: takeUntil(CRLF) === '' ? 'chunk-size' : 'broken' };
        return true;
      }
      case 'trailers': {
        const line = takeUntil(CRLF);
        if (line === null) return false;
        if (line === '') mode = { kind: 'head' };
        return true;
      }
      case 'until-close':
        takeBody(rest.length);
        return false;
      case 'broken':
        rest = Buffer.alloc(0);
        return false;
    }
  };
  return {
    feed(bytes) {
      rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes]);
      while (rest.length > 0 && step());
    },
    isBetweenResponses: () => mode.kind === 'head' && rest.length === 0,
  };
}

function afterHead(head: string, sink: HttpBodySink): Mode {
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  if (!Number.isInteger(status)) return { kind: 'broken' };
  if (status < 200) return { kind: 'head' };
  sink.onResponse(status);
  if (status === 204 || status === 304) return { kind: 'head' };
  if (/\r\ntransfer-encoding:[^\r]*\bchunked\b/i.test(head)) return { kind: 'chunk-size' };
  const length = /\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1];
  if (length === undefined) return { kind: 'until-close' };
  return Number(length) === 0 ? { kind: 'head' } : { kind: 'length', left: Number(length) };
}
