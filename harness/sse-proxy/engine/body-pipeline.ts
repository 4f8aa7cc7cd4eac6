import { type Frame, readFrame } from '../sse/frame.ts';
import { createSplitter } from '../sse/splitter.ts';
import type { Attachment } from './attachment.ts';

/** A frame larger than this passes frame faults as raw bytes. */
const LARGEST_FRAME_BYTES = 4 * 1024 * 1024;
const RECENT_EVENTS = 64;
const RECENT_BYTES = 256 * 1024;

export interface PipelineOptions {
  /** In arming order; grows while the body is on its way. */
  readonly attachments: readonly Attachment[];
  /** Whether the body is an event stream. */
  readonly sse: boolean;
  /** Frames the bytes for HTTP and sends them. */
  readonly send: (bytes: Buffer) => Promise<boolean>;
  readonly over: () => boolean;
}

/**
 * Leads a response body through the faults: whole frames through `onFrame`, then bytes through `onBytes`, then out.
 * Bytes are held back only while a fault wants whole frames; otherwise a chunk passes as it came.
 */
export class BodyPipeline {
  /** Events received so far. */
  events = 0;
  /** Body bytes sent so far. */
  bodyBytes = 0;
  opened = false;
  /** Bytes that came when the response was already over. */
  droppedBytes = 0;
  readonly #options: PipelineOptions;
  readonly #splitter = createSplitter();
  readonly #recent: Frame[] = [];
  #recentBytes = 0;
  #frame: Buffer[] = [];
  #frameBytes = 0;
  #collect = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Takes one chunk; resolves when the client has room for more. */
  push(chunk: Buffer): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#options.sse) await this.#split(chunk);
      else await this.#bytes(0, chunk);
    });
  }

  /** The body is complete: what is held back goes out. */
  end(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#collect && this.#frameBytes > 0) await this.#bytes(0, this.#takeFrame());
      for (const [at, attachment] of this.#options.attachments.entries()) {
        if (attachment.active || attachment.begun) await this.#flush(at, attachment, 'end');
      }
    });
  }

  /** A healed fault passes on what it held back. */
  heal(attachment: Attachment): Promise<void> {
    attachment.cancelTimers();
    return this.#inTurn(async () => {
      const at = this.#options.attachments.indexOf(attachment);
      if (attachment.begun && !attachment.hooks.sticky) await this.#flush(at, attachment, 'heal');
    });
  }

  recent(count: number): readonly Frame[] {
    return count > 0 ? this.#recent.slice(-count) : [];
  }

  /** One at a time: a fault healed in the middle of a chunk must not write between two halves of a frame. */
  #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(run);
    this.#turn = turn.then(
      () => undefined,
      () => undefined, // the caller of this turn gets the error; the next one must still have its turn
    );
    return turn;
  }

  async #split(chunk: Buffer): Promise<void> {
    let from = 0;
    const passTo = async (to: number): Promise<void> => {
      const passed = chunk.subarray(from, to);
      from = to;
      if (passed.length > 0) await this.#bytes(0, passed);
    };
    for (const piece of this.#splitter.push(chunk)) {
      if (this.#options.over()) break;
      if (piece.stray) continue;
      if (piece.starts) this.#collect = this.#options.attachments.some((a) => a.active && a.hooks.onFrame);
      this.#keep(chunk.subarray(piece.from, piece.to));
      if (this.#collect) {
        await passTo(piece.from);
        from = piece.to;
        if (this.#frameBytes > LARGEST_FRAME_BYTES) {
          this.#collect = false;
          await this.#bytes(0, Buffer.concat(this.#frame));
        }
      }
      if (!piece.ends) continue;
      const collected = this.#collect;
      const frame = readFrame(this.#takeFrame());
      if (collected) await this.#frames(0, frame);
      // With a fault in place, an event counts once it has passed; without one, chunks pass as they came.
      else if (this.#options.attachments.some((a) => a.waiting || a.active)) await passTo(piece.to);
      if (this.#options.over()) break;
      this.#count(frame);
      for (const attachment of this.#due(frame)) await attachment.trigger();
    }
    if (this.#options.over()) this.droppedBytes += chunk.length - from;
    else await passTo(chunk.length);
  }

  #keep(bytes: Buffer): void {
    if (this.#collect || this.#frameBytes < LARGEST_FRAME_BYTES) this.#frame.push(bytes);
    this.#frameBytes += bytes.length;
  }

  #takeFrame(): Buffer {
    const bytes = this.#frame.length === 1 && this.#frame[0] ? this.#frame[0] : Buffer.concat(this.#frame);
    this.#frame = [];
    this.#frameBytes = 0;
    this.#collect = false;
    return bytes;
  }

  #count(frame: Frame): void {
    if (frame.kind === 'control' && frame.type === 'stream.open') this.opened = true;
    if (frame.kind !== 'event') return;
    this.events++;
    if (frame.bytes.length > RECENT_BYTES) return;
    this.#recent.push(frame);
    this.#recentBytes += frame.bytes.length;
    while (this.#recent.length > RECENT_EVENTS || this.#recentBytes > RECENT_BYTES) {
      this.#recentBytes -= this.#recent.shift()?.bytes.length ?? 0;
    }
  }

  #due(frame: Frame): Attachment[] {
    return this.#options.attachments.filter((attachment) => {
      if (!attachment.waiting) return false;
      const { trigger } = attachment.fault;
      if (trigger.when === 'afterOpen') return this.opened;
      if (frame.kind !== 'event') return false;
      if (trigger.when === 'afterEvent') return this.events >= trigger.events;
      return trigger.when === 'afterId' && frame.id === trigger.id;
    });
  }

  async #frames(index: number, item: Frame | Buffer): Promise<boolean> {
    if (this.#options.over()) return false;
    if (Buffer.isBuffer(item)) return this.#bytes(0, item);
    const { attachments } = this.#options;
    for (let at = index; at < attachments.length; at++) {
      const attachment = attachments[at];
      if (!attachment?.hooks.onFrame || !attachment.active) continue;
      attachment.begun = true;
      await attachment.hooks.onFrame(item, (next) => this.#frames(at + 1, next));
      return !this.#options.over();
    }
    return this.#bytes(0, item.bytes);
  }

  async #bytes(index: number, bytes: Buffer): Promise<boolean> {
    if (this.#options.over()) return false;
    const { attachments } = this.#options;
    for (let at = index; at < attachments.length; at++) {
      const attachment = attachments[at];
      if (!attachment?.hooks.onBytes || !attachment.active) continue;
      attachment.begun = true;
      await attachment.hooks.onBytes(bytes, (next) => this.#bytes(at + 1, next));
      return !this.#options.over();
    }
    return this.#send(bytes);
  }

  /** Sends, stopping at each byte that a trigger waits for. */
  async #send(bytes: Buffer): Promise<boolean> {
    let rest = bytes;
    while (rest.length > 0 && !this.#options.over()) {
      const due = this.#nextByteTrigger(rest.length);
      const size = due === null ? rest.length : due - this.bodyBytes;
      const part = rest.subarray(0, size);
      rest = rest.subarray(size);
      // Counted before the wait for room: the bytes are in the socket already.
      this.bodyBytes += part.length;
      if (!(await this.#options.send(part))) return false;
      if (due !== null) await this.openAtByte();
    }
    this.droppedBytes += rest.length;
    return !this.#options.over();
  }

  /** Opens the `atByte` triggers that are due. */
  async openAtByte(): Promise<void> {
    for (const attachment of this.#options.attachments) {
      const { trigger } = attachment.fault;
      if (trigger.when === 'atByte' && trigger.byte <= this.bodyBytes) await attachment.trigger();
    }
  }

  #nextByteTrigger(within: number): number | null {
    let next: number | null = null;
    for (const attachment of this.#options.attachments) {
      const { trigger } = attachment.fault;
      if (trigger.when !== 'atByte' || !attachment.waiting) continue;
      const { byte } = trigger;
      if (byte <= this.bodyBytes || byte > this.bodyBytes + within) continue;
      if (next === null || byte < next) next = byte;
    }
    return next;
  }

  async #flush(at: number, attachment: Attachment, why: 'end' | 'heal'): Promise<void> {
    const { onEnd, onFrame } = attachment.hooks;
    const from = onFrame ? 0 : at + 1;
    await onEnd?.call(attachment.hooks, (bytes) => this.#bytes(from, bytes), why);
  }
}
