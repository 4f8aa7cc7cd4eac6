import type { VirtualClock } from '../../kit/testing/index.ts';
import type { HistoryRecord } from '../history/types.ts';
import type { Schedule, Step } from './schedule.ts';

/** A fault of the schedule on its way into the history. */
export interface FaultLife {
  readonly step: Step;
  /** It bites, and this proves it. Said once; later calls are ignored. */
  fired(evidence: Readonly<Record<string, unknown>>): void;
}

type WithoutStamp<R> = R extends HistoryRecord ? Omit<R, 'at'> : never;

/** Smallest step of time between two records: exact in a double of unix milliseconds. */
const TICK_MS = 1 / 1024;

/**
 * The history of a simulated run. In virtual time much happens in the same millisecond; each record gets a time of its
 * own, in the order of happening, so that the oracle needs no slack for clocks.
 */
export class Recorder {
  readonly records: HistoryRecord[] = [];
  readonly #clock: VirtualClock;
  readonly #lives = new Map<Step, { readonly name: string; fired: boolean }>();
  #lastAt = 0;

  constructor(clock: VirtualClock, { steps }: Schedule) {
    this.#clock = clock;
    steps.forEach((step, index) => {
      if (isFault(step)) this.#lives.set(step, { name: `${step.do}#${index + 1}`, fired: false });
    });
  }

  /** The time of the next record. */
  stamp(): number {
    this.#lastAt = Math.max(this.#clock.now(), this.#lastAt + TICK_MS);
    return this.#lastAt;
  }

  /** Adds a record that was stamped by `stamp()`. */
  add(record: HistoryRecord): void {
    this.records.push(record);
  }

  write(record: WithoutStamp<HistoryRecord>): void {
    this.add({ at: this.stamp(), ...record } as HistoryRecord);
  }

  note(text: string): void {
    this.write({ kind: 'note', text });
  }

  /**
   * The life of a fault. It is written as planned when it fires: a schedule of chance has faults that find nothing to
   * bite (a cut where no connection is open), and no verdict rests on these. They are noted at the end.
   */
  fault(step: Step): FaultLife {
    return {
      step,
      fired: (evidence) => {
        const life = this.#lives.get(step);
        if (!life || life.fired) return;
        life.fired = true;
        this.write({ kind: 'fault', fault: life.name, phase: 'planned' });
        this.write({ kind: 'fault', fault: life.name, phase: 'fired', evidence });
      },
    };
  }

  /** All faults are over. Those that never fired are noted. */
  healed(): void {
    for (const { name, fired } of this.#lives.values()) {
      if (fired) this.write({ kind: 'fault', fault: name, phase: 'healed' });
      else this.note(`${name} found nothing to bite`);
    }
  }

  /** Whether each fault of the schedule fired, by its step. */
  get firings(): ReadonlyMap<Step, boolean> {
    return new Map([...this.#lives].map(([step, { fired }]) => [step, fired]));
  }
}

export function isFault(step: Step): boolean {
  return step.do !== 'publish' && step.do !== 'reconnect';
}
