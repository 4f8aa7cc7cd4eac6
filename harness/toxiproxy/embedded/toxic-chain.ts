import type { ToxicStream } from '../toxic-types.ts';
import { Link } from './link.ts';
import type { Surroundings } from './stub.ts';
import type { ToxicEntry } from './toxic-entry.ts';

/** The toxics of one proxy in both directions, and the open links that they have to be kept in step with. */
export class ToxicChain {
  readonly #surroundings: Surroundings;
  readonly #toxics: Record<ToxicStream, ToxicEntry[]> = { upstream: [], downstream: [] };
  readonly #links: Readonly<Record<ToxicStream, Set<Link>>> = { upstream: new Set(), downstream: new Set() };
  #lastChange: Promise<void> = Promise.resolve();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  list(): readonly ToxicEntry[] {
    return [...this.#toxics.upstream, ...this.#toxics.downstream];
  }

  find(name: string): ToxicEntry | undefined {
    return this.list().find((toxic) => toxic.name === name);
  }

  /** Whether a connection opened now ends with a RST. */
  get armed(): boolean {
    return this.list().some((toxic) => toxic.kind.armsReset);
  }

  openLink(direction: ToxicStream): Link {
    const link = new Link(this.#toxics[direction], this.#surroundings);
    this.#links[direction].add(link);
    return link;
  }

  closeLink(direction: ToxicStream, link: Link): void {
    this.#links[direction].delete(link);
  }

  add(toxic: ToxicEntry): Promise<void> {
    this.#toxics[toxic.stream] = [...this.#toxics[toxic.stream], toxic];
    return this.#onLinks(toxic.stream, (link) => link.add(toxic));
  }

  update(toxic: ToxicEntry): Promise<void> {
    return this.#onLinks(toxic.stream, (link) => link.update(toxic));
  }

  remove(toxic: ToxicEntry): Promise<void> {
    this.#toxics[toxic.stream] = this.#toxics[toxic.stream].filter((other) => other !== toxic);
    return this.#onLinks(toxic.stream, (link) => link.remove(toxic));
  }

  /** Changes apply one after the other, each to the links that are open when it was asked for. */
  #onLinks(direction: ToxicStream, change: (link: Link) => Promise<void>): Promise<void> {
    const links = [...this.#links[direction]];
    this.#lastChange = this.#lastChange.then(async () => {
      await Promise.all(links.map(change));
    });
    return this.#lastChange;
  }
}
