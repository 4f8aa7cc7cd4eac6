import type { ByteSource } from '../../kit/client/transport.ts';
import type { Block, Sink, SinkEvents } from '../../kit/server/index.ts';
import type { VirtualClock } from '../../kit/testing/index.ts';
import type { Random } from '../runner/random.ts';
import { CutPoint } from './cut-point.ts';
import type { FrameFilter } from './frame-faults.ts';
import type { FaultLife, Recorder } from './recorder.ts';
import type { Cut, Setup } from './schedule.ts';

/** What a connection is made of. */
export interface LinkParts {
  readonly id: string;
  readonly world: VirtualClock;
  readonly setup: Setup;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly filter: FrameFilter;
  /** See `NetworkParts`. */
  readonly tamper: ((text: string) => string) | null;
  /** Both ends have let go. */
  readonly gone: () => void;
}

/** Where the history's bytes were seen: next to the client. */
const TAP = 'client';
/** So many come one by one, where that is asked for: a long response would take a timer for each byte. */
const SINGLE_BYTES = 400;

/**
 * One TCP connection with one request on it, in virtual time. Bytes come from the server's send buffer over the way into
 * the client's receive buffer; together they hold `windowBytes`, so that a client which does not read stops the server.
 */
export class Link implements ByteSource {
  readonly id: string;
  readonly #parts: LinkParts;
  /** Accepted from the server, waiting for room. */
  readonly #sending: Uint8Array[] = [];
  #sent = 0;
  /** Bytes on the way or in the client's receive buffer. */
  #under = 0;
  #lastArrivalMs = 0;
  /** What has arrived while the client's end is held. */
  readonly #held: (() => void)[] = [];
  #holders = 0;
  readonly #received: Uint8Array[] = [];
  #end: Error | 'eof' | null = null;
  #reader: { resolve: (bytes: Uint8Array | null) => void; reject: (error: Error) => void } | null = null;
  #server: SinkEvents | null = null;
  #serverOver = false;
  #clientOver = false;
  #ending = false;
  #blocked = false;
  #vanished = false;
  #cut: { readonly point: CutPoint; readonly how: Cut['how']; readonly life: FaultLife } | null = null;

  constructor(parts: LinkParts) {
    this.id = parts.id;
    this.#parts = parts;
  }

  get isGone(): boolean {
    return this.#serverOver && this.#clientOver;
  }

  /** Whether the client still has it. */
  get isOpen(): boolean {
    return !this.#clientOver && this.#end === null;
  }

  /** Whether the response has begun. */
  get isAnswered(): boolean {
    return this.#server !== null;
  }

  // What the server does.

  /** The server's end of the response. */
  sink(events: SinkEvents): Sink {
    this.#server = events;
    if (this.#serverOver) queueMicrotask(events.onClose);
    return {
      write: (block) => this.#write(block),
      end: () => {
        this.#ending = true;
        const held = this.#parts.filter.release();
        if (held) this.#sending.push(held);
        this.#pump();
      },
      destroy: () => {
        this.#sending.length = 0;
        this.#arrive(() => this.#finish(new Error('ECONNRESET')));
        this.#closeServer(0);
      },
    };
  }

  /** The head of a response: it arrives as a whole. */
  respond(head: string, then: () => void): void {
    this.#arrive(() => {
      this.#wireDown(Buffer.from(head, 'latin1'));
      then();
    });
  }

  /** A short body and the end, from whoever answers. */
  finish(body: string): void {
    this.#sending.push(Buffer.from(body));
    this.#ending = true;
    this.#pump();
  }

  /** The server's process or machine is gone. */
  serverDies(how: 'reset' | 'end' | 'silent'): void {
    this.#server = null;
    this.#serverOver = true;
    this.#sending.length = 0;
    if (how === 'silent') this.#vanished = true;
    else this.#arrive(() => this.#finish(how === 'end' ? 'eof' : new Error('ECONNRESET')));
    this.#goneIfOver();
  }

  // What the network does.

  cutLater(cut: Cut, life: FaultLife): void {
    this.#cut = { point: new CutPoint(cut), how: cut.how, life };
    if (this.#cut.point.isDue) this.#cutNow(0);
  }

  vanish(): void {
    this.#vanished = true;
  }

  hold(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    while (this.#holders === 0 && this.#held.length > 0) this.#held.shift()?.();
  }

  /** Faults are over: what was held back goes on, and a half-open connection is found dead by the server's machine. */
  heal(): void {
    this.#cut = null;
    const held = this.#parts.filter.release();
    if (held && !this.#ending && this.#server) {
      this.#sending.push(held);
      this.#pump();
    }
    if (this.#vanished) this.#closeServer(0);
  }

  /** Cut in the middle of whatever it is doing. */
  reset(): void {
    this.#arrive(() => this.#finish(new Error('ECONNRESET')));
    this.#closeServer(this.#parts.setup.latencyMs);
  }

  // What the client does.

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    const bytes = this.#take();
    if (bytes) return this.#parts.setup.reads === 'node' ? bytes : Promise.resolve(bytes);
    if (this.#end === 'eof') return null;
    if (this.#end) throw this.#end;
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  /** The client lets go, or its kernel does that for it. */
  abandon(): void {
    if (this.#clientOver) return;
    this.#clientOver = true;
    this.#wire('up', 'fin');
    const reader = this.#reader;
    this.#reader = null;
    reader?.reject(new Error('aborted'));
    this.#received.length = 0;
    if (!this.#vanished) this.#closeServer(this.#parts.setup.latencyMs);
    this.#goneIfOver();
  }

  /** The client's process is gone: it reads nothing and is told nothing. */
  clientDies(): void {
    this.#reader = null;
    this.abandon();
  }

  #write(block: Block): boolean {
    if (this.#serverOver || this.#ending) return false;
    const { tamper, filter } = this.#parts;
    const bytes = filter.pass(
      tamper ? Buffer.from(tamper(Buffer.from(block.bytes).toString())) : block.bytes,
    );
    if (bytes.length > 0) this.#sending.push(bytes);
    this.#pump();
    this.#blocked = this.#sending.length > 0;
    return !this.#blocked;
  }

  /** Sends what there is room for. */
  #pump(): void {
    const { windowBytes } = this.#parts.setup;
    while (!this.#serverOver) {
      const [first] = this.#sending;
      if (!first) break;
      const room = windowBytes - this.#under;
      // Not byte by byte behind a slow reader (RFC 1122 4.2.3.4).
      if (room < Math.min(first.length, windowBytes / 2)) return;
      const size = Math.min(first.length, room, this.#chunkSize());
      if (size < first.length) this.#sending[0] = first.subarray(size);
      else this.#sending.shift();
      this.#send(first.subarray(0, size));
    }
    if (this.#ending && !this.#serverOver) {
      this.#arrive(() => this.#finish('eof'));
      this.#closeServer(0);
    } else if (this.#blocked && this.#sending.length === 0) {
      this.#blocked = false;
      const { world } = this.#parts;
      world.setTimeout(() => this.#server?.onDrain(), 0);
    }
  }

  #chunkSize(): number {
    const { setup, random } = this.#parts;
    if (setup.chunks === 'whole') return Number.POSITIVE_INFINITY;
    if (setup.chunks === 'bytes' && this.#sent < SINGLE_BYTES) return 1;
    return 1 + Math.floor(random() ** 3 * 1500); // mostly small, so that the small ones are many
  }

  #send(bytes: Uint8Array): void {
    this.#sent += bytes.length;
    const cut = this.#cut;
    const passing = cut ? cut.point.passing(bytes) : bytes.length;
    if (passing > 0) {
      const chunk = bytes.subarray(0, passing);
      this.#under += chunk.length;
      this.#arrive(() => this.#receive(chunk));
    }
    if (cut && passing < bytes.length) this.#cutNow(bytes.length - passing);
  }

  #cutNow(dropped: number): void {
    const cut = this.#cut;
    if (!cut) return;
    this.#cut = null;
    this.#sending.length = 0;
    cut.life.fired({ connection: this.id, how: cut.how, dropped });
    this.#arrive(() => this.#finish(cut.how === 'end' ? 'eof' : new Error('ECONNRESET')));
    this.#closeServer(this.#parts.setup.latencyMs);
  }

  /** After the time that the way takes. What was sent before arrives before. */
  #arrive(act: () => void): void {
    const { world, setup, random } = this.#parts;
    const at = world.monotonic() + setup.latencyMs + Math.floor(random() * (setup.jitterMs + 1));
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, at);
    world.setTimeout(() => {
      if (this.#vanished) return;
      if (this.#holders > 0) this.#held.push(act);
      else act();
    }, this.#lastArrivalMs - world.monotonic());
  }

  #receive(bytes: Uint8Array): void {
    if (this.#clientOver || this.#end !== null) return;
    this.#wireDown(bytes);
    this.#received.push(bytes);
    this.#wake();
  }

  #finish(end: Error | 'eof'): void {
    if (this.#end !== null) return;
    this.#end = end;
    if (!this.#clientOver) this.#wire('down', end === 'eof' ? 'fin' : 'rst');
    this.#wake();
  }

  #wake(): void {
    const reader = this.#reader;
    if (!reader) return;
    const bytes = this.#take();
    if (!bytes && this.#end === null) return;
    this.#reader = null;
    if (bytes) reader.resolve(bytes);
    else if (this.#end === 'eof') reader.resolve(null);
    else reader.reject(this.#end ?? new Error('aborted'));
  }

  /** What the client reads next, which makes room for more. */
  #take(): Uint8Array | null {
    if (this.#received.length === 0) return null;
    const { reads } = this.#parts.setup;
    const bytes =
      reads === 'node' ? Buffer.concat(this.#received.splice(0)) : (this.#received.shift() ?? null);
    this.#under -= bytes?.length ?? 0;
    this.#pump();
    return bytes;
  }

  /** The server's machine notices the end, in a turn of its own. */
  #closeServer(afterMs: number): void {
    if (this.#serverOver) return;
    this.#serverOver = true;
    const events = this.#server;
    this.#server = null;
    if (events) this.#parts.world.setTimeout(events.onClose, afterMs);
    this.#goneIfOver();
  }

  #goneIfOver(): void {
    if (this.isGone) this.#parts.gone();
  }

  #wireDown(bytes: Uint8Array): void {
    this.#wire('down', 'bytes', bytes);
  }

  #wire(direction: 'up' | 'down', event: 'bytes' | 'fin' | 'rst', bytes?: Uint8Array): void {
    this.#parts.recorder.write({
      kind: 'wire',
      tap: TAP,
      connection: this.id,
      direction,
      event,
      ...(bytes
        ? {
            bytes: bytes.length,
            base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
          }
        : {}),
    });
  }

  /** The request's bytes, on their way up. */
  request(head: string): void {
    this.#wire('up', 'bytes', Buffer.from(head, 'latin1'));
  }
}
