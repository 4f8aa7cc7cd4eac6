import { Buffer } from 'node:buffer';
import { encodeComment, encodeFrame, type Frame } from '../protocol/index.ts';
import { Block, type Sink } from '../server/index.ts';
import { type NodeRequest, type NodeResponse, openNodeSink } from './node-sink.ts';

/** A response that is written by hand: no log, no resume, no heartbeats. */
export interface OpenEventStream {
  /**
   * Writes a frame.
   * @returns false when the response has enough for now: await `drained()` before the next.
   * @throws SseKitError `ERR_CONTROL_CHARACTER`, `ERR_INVALID_RETRY`
   */
  write(frame: Frame): boolean;
  /** Writes a comment, for example as a heartbeat. */
  comment(text: string): boolean;
  /** Resolves when the response takes more; at once when it does already, or has ended. */
  drained(): Promise<void>;
  /** Resolves when the response is over, by whichever side. */
  readonly closed: Promise<void>;
  /** Ends the response. */
  end(): void;
}

/**
 * Makes an event stream of any node:http, Express, or node:http2 response, for what needs no stream of its own: one
 * request, one answer in pieces. Sends the headers at once.
 * @param headers further response headers.
 */
export function openEventStream(
  request: NodeRequest,
  response: NodeResponse,
  headers: Readonly<Record<string, string>> = {},
): OpenEventStream {
  const all = {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
    ...headers,
  };
  response.statusCode = 200;
  for (const [name, value] of Object.entries(all)) response.setHeader(name, value);

  let blocked = false;
  let over = false;
  const waiting = new Set<() => void>();
  const release = () => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const sink: Sink = openNodeSink(request, response, {
    onDrain: () => {
      blocked = false;
      release();
    },
    onClose: () => {
      over = true;
      release();
      close();
    },
  });
  const send = (text: string) => {
    if (!sink.write(new Block(Buffer.from(text)))) blocked = true;
    return !blocked;
  };
  return {
    write: (frame) => send(encodeFrame(frame)),
    comment: (text) => send(encodeComment(text)),
    drained: () =>
      blocked && !over ? new Promise((resolve) => waiting.add(() => resolve())) : Promise.resolve(),
    closed,
    end: () => sink.end(),
  };
}
