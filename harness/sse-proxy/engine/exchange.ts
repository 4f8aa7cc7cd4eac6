import { createBodyDecoder } from '../http/body-decoder.ts';
import { encodeChunk, type Framing, keepsAlive, LAST_CHUNK, responseFraming } from '../http/framing.ts';
import {
  formatRequestHead,
  formatResponseHead,
  header,
  type RequestHead,
  type ResponseHead,
  removeHeader,
  setHeader,
} from '../http/head.ts';
import type { Frame } from '../sse/frame.ts';
import { matches } from '../triggers.ts';
import type { Answer, Clock, Ending, Evidence, RequestVerdict } from '../types.ts';
import type { Armament } from './armed-fault.ts';
import { Attachment, type Host } from './attachment.ts';
import { BodyPipeline } from './body-pipeline.ts';
import type { ClientSide, Outcome } from './client-side.ts';
import { startFaultTimer } from './fault-timer.ts';
import { opensAtOnce, type Progress } from './progress.ts';
import { readResponseHead } from './read-head.ts';
import type { SocketEnd } from './socket-reader.ts';
import type { Upstream } from './upstream.ts';

/** How long an end waits for bytes before it that the client does not take. */
const FLUSH_LIMIT_MS = 250;
/**
 * Quiet time before a RST. A Node client that polls data and RST together reports a clean end (libuv turns the hang-up
 * into an EOF), and any kernel may throw away what was not read yet.
 */
const RST_SETTLE_MS = 25;

type Judgement = RequestVerdict & { readonly by: Attachment };

/** One request and its response on their way through the proxy. */
export class Exchange implements Host {
  readonly number: number;
  readonly reused: boolean;
  readonly request: RequestHead;
  readonly #client: ClientSide;
  readonly #startedAt: number;
  readonly #attachments: Attachment[] = [];
  #pipeline: BodyPipeline | null = null;
  #framing: Framing = { kind: 'none' };
  /** The head as it is to be sent; `null` before it is known and once it was sent. */
  #heldHead: (() => Promise<boolean>) | null = null;
  #headSent = false;
  #lastBytesAt = 0;
  #over = false;
  #outcome: Outcome = 'close';
  #swallowed: (() => void) | null = null;

  constructor(client: ClientSide, request: RequestHead, number: number, reused: boolean) {
    this.#client = client;
    this.request = request;
    this.number = number;
    this.reused = reused;
    this.#startedAt = client.clock.now();
  }

  get connection(): string {
    return this.#client.id;
  }
  get clock(): Clock {
    return this.#client.clock;
  }
  get events(): number {
    return this.#pipeline?.events ?? 0;
  }
  get bodyBytes(): number {
    return this.#pipeline?.bodyBytes ?? 0;
  }
  get framing(): Framing['kind'] | null {
    return this.#headSent ? this.#framing.kind : null;
  }
  get over(): boolean {
    return this.#over || this.#client.writer.gone;
  }

  recent(count: number): readonly Frame[] {
    return this.#pipeline?.recent(count) ?? [];
  }

  raw(bytes: Buffer): Promise<boolean> {
    return this.over ? Promise.resolve(false) : this.#client.writer.write(bytes);
  }

  /** Attaches a fault if its filter matches; `underway` when the exchange began before the fault was armed. */
  async attach(fault: Armament, underway: boolean): Promise<void> {
    if (!fault.live || !matches(fault.filter, this.request, this.number)) return;
    if (!underway) fault.requests++;
    const attachment = new Attachment(fault, this);
    this.#attachments.push(attachment);
    this.#startTimer(attachment);
    if (opensAtOnce(fault, underway, this.#progress())) await attachment.trigger();
  }

  async heal(fault: Armament): Promise<void> {
    for (const attachment of this.#attachments) {
      if (attachment.fault !== fault) continue;
      attachment.cancelTimers();
      await this.#pipeline?.heal(attachment);
    }
    if (!this.over && !this.#headIsHeld()) await this.#releaseHead();
  }

  /** Plays the exchange to its end. */
  async run(faults: readonly Armament[]): Promise<Outcome> {
    for (const fault of faults) await this.attach(fault, false);
    const { changes, final } = await this.#askFaults();
    if (!this.over) {
      if (final?.verdict === 'answer') await this.#answer(final.answer, final.by, final.evidence);
      else if (final?.verdict === 'silence') await this.#silence(final.by, final.evidence);
      else await this.#forward(changes);
    }
    if (this.#outcome === 'held') await this.#client.closed;
    this.#finish();
    return this.#outcome;
  }

  /** The client has closed or reset. */
  abort(): void {
    this.#finish();
  }

  async end(how: Ending): Promise<Evidence | null> {
    if (this.over) return null;
    const { writer } = this.#client;
    if (how === 'half-open') {
      this.#over = true;
      this.#outcome = 'held';
      writer.mute();
      return new Promise((resolve) => {
        this.#swallowed = () => resolve({ ended: how, droppedBytes: writer.droppedBytes });
        void this.#client.closed.then(() => resolve(null));
      });
    }
    if (how === 'clean' && this.#headSent) {
      const kept = this.#framing.kind === 'chunked';
      if (kept) await writer.write(LAST_CHUNK);
      this.#over = true;
      this.#client.dropUpstream('fin');
      if (kept) {
        this.#outcome = keepsAlive(this.request) ? 'keep' : 'close';
        return (await writer.flushed(FLUSH_LIMIT_MS)) ? { ended: how } : null;
      }
      return (await this.#client.end('fin')) ? { ended: how } : null;
    }
    this.#over = true;
    const done = how === 'rst' ? await this.#reset() : await this.#client.end('fin');
    this.#client.dropUpstream(how === 'rst' ? 'rst' : 'fin');
    return done ? { ended: how } : null;
  }

  async #reset(): Promise<boolean> {
    await this.#client.writer.flushed(FLUSH_LIMIT_MS);
    await new Promise((resolve) => setTimeout(resolve, RST_SETTLE_MS));
    return this.#client.end('rst');
  }

  async #askFaults(): Promise<{ changes: Judgement[]; final: Judgement | null }> {
    const changes: Judgement[] = [];
    for (const attachment of this.#attachments) {
      if (this.over || !attachment.active) continue;
      const verdict = await attachment.hooks.onRequest?.(this.request);
      if (!verdict) continue;
      const judgement = { ...verdict, by: attachment };
      if (verdict.verdict !== 'forward') return { changes, final: judgement };
      changes.push(judgement);
    }
    return { changes, final: null };
  }

  async #silence(by: Attachment, evidence: Evidence): Promise<void> {
    this.#over = true;
    this.#outcome = 'held';
    by.fire(evidence);
    await this.#client.forwardBody(null);
  }

  async #answer(answer: Answer, by: Attachment, evidence: Evidence): Promise<void> {
    const { status, reason = '', headers, body = [], raw = false, end = 'clean' } = answer;
    const kind = answer.framing ?? (answer.body ? 'chunked' : 'length');
    const head: ResponseHead = { version: '1.1', status, reason, headers };
    if (kind === 'length') setHeader(headers, 'Content-Length', '0');
    if (kind === 'chunked') setHeader(headers, 'Transfer-Encoding', 'chunked');
    if (kind === 'close') setHeader(headers, 'Connection', 'close');
    const drained = this.#client.forwardBody(null);
    this.#framing = raw ? { kind: 'close' } : responseFraming(this.request.method, head);
    if (!raw && !(await this.#client.writer.write(formatResponseHead(head)))) return;
    this.#headSent = true;
    by.fire(evidence);
    for await (const bytes of body) {
      if (!(await this.#sendBody(bytes))) break;
    }
    if (this.over) return;
    if (end !== 'clean') {
      await this.end(end);
      return;
    }
    await this.#complete((await drained) && keepsAlive(this.request) && keepsAlive(head));
  }

  async #forward(changes: readonly Judgement[]): Promise<void> {
    // Another protocol could not be tapped. A server that is not asked to switch answers in HTTP/1.1 (RFC 9110 7.8).
    removeHeader(this.request.headers, 'upgrade');
    const upstream = this.#client.upstream();
    const asked = formatRequestHead(this.#client.ask(this.request));
    if (!(await upstream.writer.write(asked))) return this.#mirror('lost');
    for (const { by, evidence } of changes) by.fire(evidence);
    const body = this.#client.forwardBody(upstream.writer);
    const head = await this.#receiveHead(upstream);
    if (head) await this.#receiveBody(upstream, head, body);
  }

  /** Reads the response head; interim responses (1xx) are passed on as they come. */
  async #receiveHead(upstream: Upstream): Promise<ResponseHead | null> {
    const read = await readResponseHead(upstream.reader, (interim) => this.#client.writer.write(interim));
    if (read.kind === 'head') return read.head;
    if (read.kind === 'not-http') {
      this.#client.tap.note(`${this.connection}: the upstream's response is not HTTP/1.x`);
    }
    await this.#mirror(read.kind === 'end' ? read.how : 'lost');
    return null;
  }

  async #receiveBody(upstream: Upstream, head: ResponseHead, requestBody: Promise<boolean>): Promise<void> {
    const framing = responseFraming(this.request.method, head);
    const type = header(head.headers, 'content-type') ?? '';
    const plain = header(head.headers, 'content-encoding') === null;
    const pipeline = new BodyPipeline({
      attachments: this.#attachments,
      sse: type.toLowerCase().includes('text/event-stream') && plain,
      send: (bytes) => this.#sendBody(bytes),
      over: () => this.over,
    });
    if (this.over) this.#swallow(formatResponseHead(head).length);
    else await this.#sendHead(head, framing, pipeline);
    const decoder = createBodyDecoder(framing);
    while (!decoder.done) {
      const read = await upstream.reader.read();
      if (read.kind === 'end') {
        if (read.how !== 'fin' || !decoder.endsWithConnection) return this.#mirror(read.how);
        break;
      }
      if (this.over) {
        if (!this.#swallow(read.bytes.length)) return;
        continue;
      }
      const decoded = decoder.push(read.bytes);
      const rest = read.bytes.subarray(decoded.consumed);
      for (const payload of decoded.payload) await pipeline.push(payload);
      if (this.over && pipeline.droppedBytes > 0) this.#swallow(pipeline.droppedBytes);
      if (decoder.error) {
        // What is broken upstream arrives broken.
        this.#client.tap.note(`${this.connection}: response body: ${decoder.error.message}`);
        await this.raw(rest);
        return this.#mirror('fin');
      }
      upstream.reader.unread(rest);
    }
    if (this.over) return;
    await pipeline.end();
    const reusable = framing.kind !== 'close' && keepsAlive(head) && !upstream.reader.ended;
    if (!reusable) this.#client.dropUpstream('fin');
    if (!this.over) await this.#complete((await requestBody) && keepsAlive(this.request) && reusable);
  }

  async #sendHead(head: ResponseHead, framing: Framing, pipeline: BodyPipeline): Promise<void> {
    const proofs: [Attachment, Evidence][] = [];
    let transforms = false;
    for (const attachment of this.#attachments) {
      const { onResponseHead, onFrame, onBytes } = attachment.hooks;
      transforms ||= Boolean(onFrame ?? onBytes);
      if (!attachment.active || !onResponseHead) continue;
      attachment.begun = true;
      const proof = await onResponseHead.call(attachment.hooks, head);
      if (proof) proofs.push([attachment, proof]);
      if (this.over) return;
    }
    // A fault may change the length of the body, so it cannot be promised in the head.
    if (transforms && framing.kind === 'length' && header(head.headers, 'content-length') !== null) {
      removeHeader(head.headers, 'content-length');
      if (this.request.version !== '1.0') setHeader(head.headers, 'Transfer-Encoding', 'chunked');
      else setHeader(head.headers, 'Connection', 'close');
    }
    this.#framing = responseFraming(this.request.method, head);
    this.#pipeline = pipeline;
    this.#heldHead = async () => {
      if (!(await this.#client.writer.write(formatResponseHead(head)))) return false;
      for (const [attachment, proof] of proofs) attachment.fire(proof);
      await this.#afterHead();
      return true;
    };
    if (!this.#headIsHeld()) await this.#releaseHead();
  }

  #headIsHeld(): boolean {
    return this.#attachments.some(({ active, hooks }) => active && hooks.holdsHead);
  }

  async #releaseHead(): Promise<boolean> {
    const send = this.#heldHead;
    this.#heldHead = null;
    return send ? send() : true;
  }

  async #afterHead(): Promise<void> {
    this.#headSent = true;
    this.#lastBytesAt = this.clock.now();
    for (const attachment of [...this.#attachments]) {
      const { when } = attachment.fault.trigger;
      if (when === 'afterHead') await attachment.trigger();
      if (when === 'whenIdle') this.#startTimer(attachment);
    }
    await this.#pipeline?.openAtByte();
  }

  async #sendBody(bytes: Buffer): Promise<boolean> {
    if (this.over || !(await this.#releaseHead())) return false;
    if (this.#framing.kind === 'none' || bytes.length === 0) return true;
    this.#lastBytesAt = this.clock.now();
    return this.#client.writer.write(this.#framing.kind === 'chunked' ? encodeChunk(bytes) : bytes);
  }

  async #complete(keep: boolean): Promise<void> {
    await this.#releaseHead();
    if (this.#framing.kind === 'chunked') await this.#client.writer.write(LAST_CHUNK);
    this.#outcome = keep && this.#framing.kind !== 'close' ? 'keep' : 'close';
    this.#over = true;
  }

  /** The upstream ended too early: the client sees the same kind of end. */
  async #mirror(how: SocketEnd): Promise<void> {
    this.#client.dropUpstream('fin');
    if (this.over) return;
    this.#over = true;
    if (how === 'rst') await this.#reset();
    else await this.#client.end('fin');
  }

  /** Bytes that come for a half-open client are read and lost. */
  #swallow(bytes: number): boolean {
    const { writer } = this.#client;
    if (!writer.muted) return false;
    writer.drop(bytes);
    this.#swallowed?.();
    this.#swallowed = null;
    return true;
  }

  #startTimer(attachment: Attachment): void {
    startFaultTimer(attachment, {
      now: () => this.clock.now(),
      startedAt: this.#startedAt,
      lastBytesAt: () => (this.#headSent ? this.#lastBytesAt : null),
      failed: ({ fault }, error) => this.#client.tap.note(`${fault.id} failed: ${String(error)}`),
    });
  }

  #progress(): Progress {
    return {
      headSent: this.#headSent,
      opened: this.#pipeline?.opened ?? false,
      events: this.events,
      bodyBytes: this.bodyBytes,
    };
  }

  #finish(): void {
    this.#over = true;
    for (const attachment of this.#attachments) attachment.release();
    const { droppedBytes, muted } = this.#client.writer;
    if (muted) this.#client.tap.note(`${this.connection}: half-open, ${droppedBytes} bytes dropped`);
  }
}
