import type { Channel, Chunk } from './channel.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import type { ToxicEntry } from './toxic-entry.ts';
import { noop } from './toxics/noop.ts';

/** What a toxic gets when it asks for input. */
export type Received =
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  | { readonly kind: 'end' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'timeout' };

export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
}

/** One toxic's place in one direction of one connection: input, output, and what it remembers of this connection. */
export class Stub {
  readonly input: Channel;
  output: Channel;
  readonly clock: Clock;
  readonly random: Random;
  /** Bytes that a counting toxic let through; survives a PATCH, as the connection does. */
  passedBytes = 0;
  #interrupted = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(input: Channel, output: Channel, surroundings: Surroundings) {
    this.input = input;
    this.output = output;
    this.clock = surroundings.clock;
    this.random = surroundings.random;
  }

  /** The output is closed: this stub will never pass anything again. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Starts a toxic, or nothing, by a roll of its toxicity; each start rolls again, as the real server does. */
  run(toxic: ToxicEntry): void {
    this.#interrupted = new AbortController();
    const affected = this.random() < toxic.toxicity;
    this.#running = affected ? toxic.kind.pipe(this, toxic.attributes) : noop.pipe(this, noop.defaults);
  }

  /** Stops the running toxic without losing a chunk, and waits until it has returned. */
  async interrupt(): Promise<void> {
    this.#interrupted.abort();
    await this.#running;
  }

  /** Next chunk, or why there is none; `timeoutMs` bounds the wait. */
  async receive(timeoutMs?: number): Promise<Received> {
    const deadline = timeoutMs === undefined ? undefined : this.clock.now() + timeoutMs;
    for (;;) {
      if (this.#interrupted.signal.aborted) return { kind: 'interrupted' };
      const chunk = this.input.take();
      if (chunk) return { kind: 'chunk', chunk };
      if (this.input.closed) return { kind: 'end' };
      const leftMs = deadline === undefined ? undefined : deadline - this.clock.now();
      if (leftMs !== undefined && leftMs <= 0) return { kind: 'timeout' };
      await this.#wait(this.input, leftMs);
    }
  }

  /** Passes a chunk on and waits until there is room for the next, or the stub is interrupted. Never loses it. */
  async send(chunk: Chunk): Promise<void> {
    this.output.push(chunk);
    while (!this.output.hasRoom && !this.#interrupted.signal.aborted) await this.#wait(this.output);
  }

  /** Resolves to true after `ms`, to false if interrupted before. Without `ms` it waits for the interruption. */
  async pause(ms?: number): Promise<boolean> {
    const deadline = ms === undefined ? undefined : this.clock.now() + ms;
    while (!this.#interrupted.signal.aborted) {
      const leftMs = deadline === undefined ? undefined : deadline - this.clock.now();
      // Timers may fire a fraction of a millisecond early; one at least is always awaited, to yield.
      await this.#wait(undefined, leftMs);
      if (deadline !== undefined && this.clock.now() >= deadline - 0.5) return true;
    }
    return false;
  }

  /** Ends the stream behind this stub (its destination gets FIN or RST) and forgets whatever still comes in. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.output.close();
    this.input.discard();
  }

  /** Wakes at the next change of the channel, at an interruption, or after `ms`. */
  #wait(channel: Channel | undefined, ms?: number): Promise<void> {
    const { signal } = this.#interrupted;
    return new Promise((resolve) => {
      const wake = (): void => {
        stopListening?.();
        cancelTimer?.();
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const stopListening = channel?.onChange(wake);
      const cancelTimer = ms === undefined ? undefined : this.clock.after(ms, wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
  }
}
