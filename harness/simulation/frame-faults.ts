import type { FaultLife } from './recorder.ts';
import type { Frames } from './schedule.ts';

interface Armed {
  readonly step: Frames;
  readonly life: FaultLife;
  left: number;
}

/**
 * A proxy between server and client that knows SSE: drops, duplicates or swaps whole events. Servers write whole frames,
 * so a block can be taken apart without a parser.
 */
export class FrameFaults {
  readonly #armed: Armed[] = [];

  arm(step: Frames, life: FaultLife): void {
    this.#armed.push({ step, life, left: step.times });
  }

  heal(): void {
    this.#armed.length = 0;
  }

  /** A way through the proxy, for one connection. */
  open(): FrameFilter {
    return new FrameFilter(
      () => this.#armed[0] ?? null,
      () => this.#armed.shift(),
    );
  }
}

/** What the proxy does to one connection. It may hold one event back, to swap it with the next. */
export class FrameFilter {
  readonly #current: () => Armed | null;
  readonly #done: () => void;
  #swapping: { readonly frame: string; readonly armed: Armed } | null = null;

  constructor(current: () => Armed | null, done: () => void) {
    this.#current = current;
    this.#done = done;
  }

  /** The bytes that go on in the place of these. */
  pass(bytes: Uint8Array): Uint8Array {
    if (!this.#current() && !this.#swapping) return bytes;
    const frames = Buffer.from(bytes)
      .toString('utf8')
      .split(/(?<=\n\n)/);
    return Buffer.from(frames.flatMap((frame) => this.#passFrame(frame)).join(''));
  }

  /** What was held back. */
  release(): Uint8Array | null {
    const held = this.#swapping;
    this.#swapping = null;
    return held && Buffer.from(held.frame);
  }

  #passFrame(frame: string): readonly string[] {
    const id = eventId(frame);
    const held = this.#swapping;
    if (held) {
      if (frame.startsWith(':')) return [frame]; // a heartbeat overtakes it
      this.#swapping = null;
      if (id === null) return [held.frame, frame];
      held.armed.life.fired({ swapped: [eventId(held.frame), id] });
      return [frame, held.frame];
    }
    const armed = this.#current();
    if (!armed || id === null) return [frame];
    armed.left--;
    if (armed.left <= 0) this.#done();
    if (armed.step.what === 'swap') {
      this.#swapping = { frame, armed };
      return [];
    }
    armed.life.fired({ [armed.step.what]: id });
    return armed.step.what === 'drop' ? [] : [frame, frame];
  }
}

/** The id of an event; `null` for a heartbeat or a control frame. */
function eventId(frame: string): string | null {
  if (/^event: stream\./m.test(frame)) return null;
  return /^id: (.+)$/m.exec(frame)?.[1] ?? null;
}
