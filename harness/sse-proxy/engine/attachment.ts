import type { Frame } from '../sse/frame.ts';
import type { Clock, Ending, Evidence, ExchangeView, FaultContext, FaultHooks } from '../types.ts';
import type { Armament } from './armed-fault.ts';
import { seededRandom } from './random.ts';

/** What an attachment needs from its exchange. */
export interface Host extends ExchangeView {
  readonly clock: Clock;
  /** Ends the response; the proof comes when it has happened, `null` when it did not. */
  end(how: Ending): Promise<Evidence | null>;
  raw(bytes: Buffer): Promise<boolean>;
  recent(count: number): readonly Frame[];
}

/** One fault on one exchange: is its trigger open, and what hooks does it bring. */
export class Attachment {
  readonly fault: Armament;
  readonly hooks: FaultHooks;
  open = false;
  /** Its frame or byte hook has been called on this exchange. */
  begun = false;
  /** Effects claimed and not yet fired: a fault in the middle of one goes on even when it was the last allowed. */
  #claims = 0;
  readonly #host: Host;
  readonly #cancels = new Set<() => void>();

  constructor(fault: Armament, host: Host) {
    this.fault = fault;
    this.#host = host;
    this.hooks = fault.definition.start(fault.params, this.#context());
  }

  /** Starts the fault against nothing, so that bad parameters throw where it is armed. */
  static rehearse(fault: Armament, clock: Clock): void {
    new Attachment(fault, {
      clock,
      connection: 'rehearsal',
      number: 0,
      reused: false,
      request: { method: 'GET', url: '/', version: '1.1', headers: [] },
      events: 0,
      bodyBytes: 0,
      framing: null,
      over: true,
      end: () => Promise.resolve(null),
      raw: () => Promise.resolve(false),
      recent: () => [],
    });
  }

  /** Its hooks are to be called now. */
  get active(): boolean {
    if (!this.open) return false;
    if (this.begun && this.hooks.sticky) return true;
    return this.fault.live || (this.#claims > 0 && !this.fault.healed);
  }

  /** Waits for its trigger, and would act if it opened. */
  get waiting(): boolean {
    return !this.open && this.fault.live;
  }

  /** Opens the gate; the hook decides what follows. */
  async trigger(): Promise<void> {
    if (!this.waiting) return;
    this.open = true;
    await this.hooks.onTrigger?.();
  }

  claim(): boolean {
    if (this.#host.over || !this.fault.claim()) return false;
    this.#claims++;
    return true;
  }

  fire(evidence: Evidence): void {
    // A claim may have been given back when the client left in the middle of the effect.
    if (this.#claims > 0) this.#claims--;
    else this.fault.claim();
    const { connection, number, events, bodyBytes } = this.#host;
    this.fault.fire({ connection, exchange: number, event: events, byte: bodyBytes, ...evidence });
  }

  timer(ms: number, run: () => void): () => void {
    const { clock } = this.#host;
    const cancel = (): void => {
      this.#cancels.delete(cancel);
      clock.clearTimeout(handle);
    };
    const handle = clock.setTimeout(() => {
      this.#cancels.delete(cancel);
      run();
    }, ms);
    this.#cancels.add(cancel);
    return cancel;
  }

  cancelTimers(): void {
    for (const cancel of [...this.#cancels]) cancel();
  }

  /** The exchange is over: claims that led to nothing are given back. */
  release(): void {
    this.cancelTimers();
    for (; this.#claims > 0; this.#claims--) this.fault.release();
  }

  async #end(how: Ending, evidence: Evidence): Promise<boolean> {
    if (!this.claim()) return false;
    // The proof of a half-open connection is the first byte that it swallows: nobody may wait for that.
    const proven = this.#host.end(how).then((proof) => {
      if (proof) this.fire({ ...proof, ...evidence });
      else this.#unclaim();
      return proof !== null;
    });
    return how === 'half-open' || proven;
  }

  #unclaim(): void {
    if (this.#claims === 0) return;
    this.#claims--;
    this.fault.release();
  }

  #sleep(ms: number): Promise<boolean> {
    if (this.#host.over || this.fault.healed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancelTimer = this.timer(ms, () => {
        this.#cancels.delete(cutShort);
        resolve(true);
      });
      const cutShort = (): void => {
        this.#cancels.delete(cutShort);
        cancelTimer();
        resolve(false);
      };
      this.#cancels.add(cutShort);
    });
  }

  #context(): FaultContext {
    const host = this.#host;
    return {
      exchange: host,
      now: () => host.clock.now(),
      random: seededRandom(this.fault.seed + host.number),
      claim: () => this.claim(),
      fire: (evidence) => this.fire(evidence),
      end: (how, evidence = {}) => this.#end(how, evidence),
      finish: async (how) => (await host.end(how)) !== null,
      raw: (bytes) => host.raw(bytes),
      recent: (count) => host.recent(count),
      sleep: (ms) => this.#sleep(ms),
      timer: (ms, run) => this.timer(ms, run),
    };
  }
}
