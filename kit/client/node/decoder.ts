import { isAscii } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import type { TextPort } from '../ports.ts';

/** From this size on, TextDecoder is faster for text beyond ASCII; below it, and for ASCII, StringDecoder is. */
const WIDE_BYTES = 512;

/**
 * A decoder that takes the faster of Node's two for each chunk. It changes only where no character is cut: after a
 * chunk that ends with an ASCII byte neither decoder holds anything back.
 */
export function nodeDecoder(): TextPort {
  const narrow = new StringDecoder('utf8');
  const wide = new TextDecoder('utf-8', { ignoreBOM: true });
  let useWide = false;
  let cut = false;
  return {
    write(bytes) {
      if (bytes.length === 0) return '';
      if (!cut) useWide = bytes.length >= WIDE_BYTES && !isAscii(bytes);
      cut = Number(bytes[bytes.length - 1]) > 0x7f;
      return useWide ? wide.decode(bytes, { stream: true }) : narrow.write(bytes as Buffer);
    },
  };
}
