import type { Cut } from './schedule.ts';

const LF = 10;
const ID = [105, 100, 58]; // id:

/** Finds the byte before which a connection is cut. */
export class CutPoint {
  readonly #cut: Pick<Cut, 'after' | 'inside'>;
  #passed = 0;
  #column = 0;
  #inId = true;

  constructor(cut: Pick<Cut, 'after' | 'inside'>) {
    this.#cut = cut;
  }

  /** @returns how many of these bytes pass; all of them when the place is not here. */
  passing(bytes: Uint8Array): number {
    const { after, inside } = this.#cut;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      if (this.#passed >= after && this.#isInside(byte, inside)) return i;
      this.#see(byte);
    }
    return bytes.length;
  }

  /** Whether it is due before any byte. */
  get isDue(): boolean {
    return this.#cut.inside === 'anything' && this.#passed >= this.#cut.after;
  }

  #isInside(byte: number, inside: Cut['inside']): boolean {
    if (inside === 'character') return (byte & 0xc0) === 0x80; // a byte that continues a character
    if (inside === 'id') return this.#inId && this.#column > 6 && byte !== LF;
    return true;
  }

  #see(byte: number): void {
    this.#passed++;
    if (byte === LF) {
      this.#column = 0;
      this.#inId = true;
      return;
    }
    if (this.#column < ID.length && byte !== ID[this.#column]) this.#inId = false;
    this.#column++;
  }
}
