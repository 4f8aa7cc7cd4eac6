import { Channel } from './channel.ts';
import { Stub, type Surroundings } from './stub.ts';
import type { ToxicEntry } from './toxic-entry.ts';
import { noop } from './toxics/noop.ts';

const HEAD: ToxicEntry = {
  name: '',
  stream: 'downstream',
  kind: noop,
  attributes: {},
  toxicity: 0,
};

interface Place {
  readonly toxic: ToxicEntry;
  readonly stub: Stub;
}

/**
 * One direction of one connection: a chain of stubs from `input` to `output`. The first is always a no-op, so that
 * there is something to hold while a toxic is put behind it or taken away. Adding or removing a toxic starts its
 * predecessor again, which rolls that one's toxicity again, as in the real server.
 */
export class Link {
  readonly input: Channel;
  readonly output: Channel;
  readonly #surroundings: Surroundings;
  readonly #places: Place[] = [];

  constructor(toxics: readonly ToxicEntry[], surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const chain = [HEAD, ...toxics];
    const channels = chain.map((toxic) => new Channel(toxic.kind.buffer));
    this.output = new Channel();
    this.input = channels[0] ?? this.output;
    for (const [index, toxic] of chain.entries()) {
      const input = channels[index] ?? this.input;
      const stub = new Stub(input, channels[index + 1] ?? this.output, surroundings);
      this.#places.push({ toxic, stub });
    }
  }

  start(): void {
    for (const { stub, toxic } of this.#places) stub.run(toxic);
  }

  /** Ends the link whatever its toxics are waiting for: its sockets are gone, so nothing may keep a timer. */
  async abandon(): Promise<void> {
    for (const { stub } of this.#places) {
      await stub.interrupt();
      stub.end();
    }
  }

  /** Puts a toxic at the end of the chain. A link that has already ended has no place for it. */
  async add(toxic: ToxicEntry): Promise<void> {
    const last = this.#places.at(-1);
    if (!last) return;
    await last.stub.interrupt();
    if (last.stub.ended) return;
    const stub = new Stub(new Channel(toxic.kind.buffer), last.stub.output, this.#surroundings);
    last.stub.output = stub.input;
    this.#places.push({ toxic, stub });
    stub.run(toxic);
    last.stub.run(last.toxic);
  }

  /** Starts a changed toxic again; what its stub remembers stays. */
  async update(toxic: ToxicEntry): Promise<void> {
    const place = this.#places.find((candidate) => candidate.toxic === toxic);
    if (!place) return;
    await place.stub.interrupt();
    if (!place.stub.ended) place.stub.run(toxic);
  }

  /** Takes a toxic out of the chain; chunks that waited in front of it go on at once, in order. */
  async remove(toxic: ToxicEntry): Promise<void> {
    const index = this.#places.findIndex((candidate) => candidate.toxic === toxic);
    const place = this.#places[index];
    const before = this.#places[index - 1];
    if (!place || !before) return;
    await place.stub.interrupt();
    toxic.kind.cleanup?.(place.stub);
    await before.stub.interrupt();
    const { input, output } = place.stub;
    for (let chunk = input.take(); chunk; chunk = input.take()) output.push(chunk);
    this.#places.splice(index, 1);
    if (place.stub.ended || input.closed) {
      place.stub.end();
      before.stub.end();
    } else {
      before.stub.output = output;
      before.stub.run(before.toxic);
    }
  }
}
