import type { ConnectionFilter, Trigger } from '../triggers.ts';
import type { Evidence, FaultDefinition } from '../types.ts';
import type { Tap } from './tap.ts';

/** `waiting`: armed, not fired yet. `fired`: has acted and may again. `spent`: has acted as often as it may. */
export type FaultState = 'waiting' | 'fired' | 'spent' | 'healed';

/** A fault in place on a proxy. */
export interface ArmedFault {
  readonly id: string;
  readonly name: string;
  readonly state: FaultState;
  /** Evidence of the first effect on the wire. Stays pending for a fault that never acts. */
  readonly fired: Promise<Evidence>;
  /** Evidence of every effect so far (the first 1,000). */
  readonly evidence: readonly Evidence[];
  /** Number of effects so far. */
  readonly firings: number;
  /** Takes the fault away; what it held back is passed on first. Ends that it caused are not undone. */
  heal(): Promise<void>;
}

/** Effects written to the history one by one; the rest is counted in the `healed` record. */
const RECORDED_FIRINGS = 100;
const KEPT_EVIDENCE = 1000;

/** The registry entry behind an {@link ArmedFault}. */
export class Armament implements ArmedFault {
  readonly id: string;
  readonly definition: FaultDefinition<object>;
  readonly params: object;
  readonly trigger: Trigger;
  readonly filter: ConnectionFilter;
  readonly fired: Promise<Evidence>;
  readonly evidence: Evidence[] = [];
  firings = 0;
  /** Decides, with the exchange's number, all of its chance. */
  readonly seed: number;
  /** Matching requests since arming, for `onConnect`. */
  requests = 0;
  #left: number;
  #healed = false;
  #announce: (evidence: Evidence) => void = () => undefined;
  readonly #tap: Tap;
  readonly #onHeal: (fault: Armament) => Promise<void>;

  constructor(init: {
    id: string;
    definition: FaultDefinition<object>;
    params: object;
    trigger: Trigger;
    filter: ConnectionFilter;
    times: number | 'always';
    seed: number;
    tap: Tap;
    onHeal: (fault: Armament) => Promise<void>;
  }) {
    this.id = init.id;
    this.definition = init.definition;
    this.params = init.params;
    this.trigger = init.trigger;
    this.filter = init.filter;
    this.seed = init.seed;
    this.#left = init.times === 'always' ? Number.POSITIVE_INFINITY : init.times;
    this.#tap = init.tap;
    this.#onHeal = init.onHeal;
    this.fired = new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  get name(): string {
    return this.definition.name;
  }

  get state(): FaultState {
    if (this.#healed) return 'healed';
    if (this.#left <= 0) return 'spent';
    return this.firings > 0 ? 'fired' : 'waiting';
  }

  /** May begin a further effect. */
  get live(): boolean {
    return !this.#healed && this.#left > 0;
  }

  get healed(): boolean {
    return this.#healed;
  }

  claim(): boolean {
    if (!this.live) return false;
    this.#left--;
    return true;
  }

  /** Gives back a claim whose effect did not happen. */
  release(): void {
    this.#left++;
  }

  fire(evidence: Evidence): void {
    this.firings++;
    if (this.evidence.length < KEPT_EVIDENCE) this.evidence.push(evidence);
    if (this.firings <= RECORDED_FIRINGS) this.#tap.fault(this.id, 'fired', evidence);
    this.#announce(evidence);
  }

  async heal(): Promise<void> {
    if (this.#healed) return;
    this.#healed = true;
    await this.#onHeal(this);
    this.#tap.fault(this.id, 'healed', { firings: this.firings });
  }
}
