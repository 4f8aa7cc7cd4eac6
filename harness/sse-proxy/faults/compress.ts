import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import { removeHeader, setHeader } from '../http/head.ts';
import type { FaultDefinition } from '../types.ts';

export interface CompressParams {
  /** Default `gzip`. */
  readonly encoding?: 'gzip' | 'deflate' | 'br';
  /** Flush after each write, as a middleware that knows SSE does; default false: events wait inside the compressor. */
  readonly flush?: boolean;
}

/** A proxy or middleware that compresses the stream (nginx `gzip_types text/event-stream`). */
export const compress: FaultDefinition<CompressParams> = {
  name: 'compress',
  summary: 'compresses the response, with or without flushing',
  params: { encoding: 'gzip (default), deflate or br', flush: 'after each write, default false' },
  times: 'always',
  start: ({ encoding = 'gzip', flush = false }, context) => {
    let stream: ReturnType<typeof create> | null = null;
    const out: Buffer[] = [];
    const take = (): Buffer => Buffer.concat(out.splice(0));
    return {
      sticky: true,
      onResponseHead: (head) => {
        if (!context.claim()) return undefined;
        stream = create(encoding);
        stream.on('data', (bytes: Buffer) => out.push(bytes));
        setHeader(head.headers, 'Content-Encoding', encoding);
        setHeader(head.headers, 'Vary', 'Accept-Encoding');
        if (removeHeader(head.headers, 'Content-Length') > 0) {
          setHeader(head.headers, 'Transfer-Encoding', 'chunked');
        }
        return { encoding, flush };
      },
      onBytes: async (bytes, next) => {
        const compressor = stream;
        if (!compressor) return next(bytes);
        await new Promise<void>((resolve) => compressor.write(bytes, () => resolve()));
        if (flush) await new Promise<void>((resolve) => compressor.flush(SYNC_FLUSH[encoding], resolve));
        const ready = take();
        return ready.length > 0 ? next(ready) : true;
      },
      onEnd: async (next) => {
        const compressor = stream;
        stream = null;
        if (!compressor) return;
        await new Promise<void>((resolve) => {
          compressor.once('end', () => resolve());
          compressor.end();
        });
        await next(take());
      },
    };
  },
};

const SYNC_FLUSH = {
  gzip: constants.Z_SYNC_FLUSH,
  deflate: constants.Z_SYNC_FLUSH,
  br: constants.BROTLI_OPERATION_FLUSH,
};

function create(encoding: 'gzip' | 'deflate' | 'br') {
  if (encoding === 'br') return createBrotliCompress();
  return encoding === 'gzip' ? createGzip() : createDeflate();
}
