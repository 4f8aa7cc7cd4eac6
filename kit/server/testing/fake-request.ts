import { createParser } from 'eventsource-parser';
import type { StreamEndpoint } from '../event-stream.ts';
import type { StreamReply, StreamRequest } from '../request.ts';
import type { Block, Sink, SinkEvents } from '../sink.ts';

/** A frame that a fake client has read. */
export interface ReadFrame {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** A response whose transport a test drives by hand. */
export class FakeClient implements Sink {
  readonly reply: StreamReply;
  readonly frames: ReadFrame[] = [];
  readonly comments: string[] = [];
  /** Bytes that were written. */
  bytes = 0;
  /** Largest block that was written. */
  largestBlock = 0;
  retryMs: number | null = null;
  state: 'open' | 'ended' | 'destroyed' = 'open';
  listenerClosed = false;
  #events: SinkEvents | null = null;
  /** How many more blocks are taken before the sink says stop. */
  #room: number;
  #blocked = false;
  readonly #parser = createParser({
    onEvent: ({ event, id, data }) => this.frames.push({ event: event ?? 'message', id, data }),
    onComment: (comment) => this.comments.push(comment),
    onRetry: (retryMs) => {
      this.retryMs = retryMs;
    },
  });
  readonly #decoder = new TextDecoder();

  constructor(reply: StreamReply, room: number) {
    this.reply = reply;
    this.#room = room;
    if (reply.body.kind === 'stream') {
      reply.body.start((events) => {
        this.#events = events;
        return this;
      });
    }
  }

  write(block: Block): boolean {
    if (this.state !== 'open') return false;
    this.bytes += block.bytes.length;
    this.largestBlock = Math.max(this.largestBlock, block.bytes.length);
    this.#parser.feed(this.#decoder.decode(block.bytes, { stream: true }));
    this.#room -= 1;
    this.#blocked = this.#room <= 0;
    return !this.#blocked;
  }

  end(): void {
    this.#over('ended');
  }

  destroy(): void {
    this.#over('destroyed');
  }

  closing(): boolean {
    return this.listenerClosed;
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  /** Takes this many more blocks. */
  drain(room = Number.POSITIVE_INFINITY): void {
    this.#room = room;
    if (!this.#blocked || this.state !== 'open') return;
    this.#blocked = false;
    this.#events?.onDrain();
  }

  /** The client goes away. */
  leave(): void {
    this.#over('destroyed');
  }

  /** Data of the domain events, parsed. */
  get ids(): string[] {
    return this.frames.flatMap(({ event, id }) =>
      event.startsWith('stream.') || id === undefined ? [] : [id],
    );
  }

  control(event: string): Record<string, unknown>[] {
    return this.frames.filter((frame) => frame.event === event).map((frame) => JSON.parse(frame.data));
  }

  #over(state: 'ended' | 'destroyed'): void {
    if (this.state !== 'open') return;
    this.state = state;
    queueMicrotask(() => this.#events?.onClose());
  }
}

/** Connects a fake client. */
export async function connect(
  endpoint: Pick<StreamEndpoint, 'handle'>,
  options: { cursor?: string; room?: number; headers?: Record<string, string>; url?: string } = {},
): Promise<FakeClient> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.cursor !== undefined) headers['last-event-id'] = options.cursor;
  const request: StreamRequest = {
    method: 'GET',
    url: options.url ?? '/events',
    header: (name) => headers[name] ?? null,
  };
  return new FakeClient(await endpoint.handle(request), options.room ?? Number.POSITIVE_INFINITY);
}
