import {
  type AnyEvent,
  type ConnectOptions,
  connect,
  type EventMap,
  type StreamHandle,
} from '../../kit/client/index.ts';
import type { LifecycleSignal } from '../../kit/client/lifecycle.ts';
import { nodeDecoder } from '../../kit/client/node/decoder.ts';
import { textDecoderPort } from '../../kit/client/ports.ts';
import type { VirtualClock } from '../../kit/testing/index.ts';
import { digest } from '../history/digest.ts';
import { deriveSeed, type Random, seededRandom } from '../runner/random.ts';
import { recordOf } from '../subjects/kit/records.ts';
import { Machine } from './machine.ts';
import { type Path, STREAM_URL } from './network.ts';
import type { FaultLife, Recorder } from './recorder.ts';
import type { Crash, Schedule } from './schedule.ts';
import { SENTINEL, STREAM } from './server.ts';
import { Disk } from './store.ts';

export interface ClientParts {
  readonly name: string;
  readonly world: VirtualClock;
  readonly schedule: Schedule;
  readonly recorder: Recorder;
  readonly path: Path;
  /** Changes what the client is made with, to plant a bug. */
  readonly tamper: (options: ConnectOptions) => ConnectOptions;
}

/** Longest wait for the head of a response, and for the first frame. */
export const CONNECT_MS = 5000;
/** Calls of the handler for one event, at most. */
const ATTEMPTS = 2;

/** One life of the client, from its start to its crash or the end of the run. */
interface Life {
  readonly machine: Machine;
  readonly handle: StreamHandle<EventMap>;
  signal: (signal: LifecycleSignal) => void;
  closed: boolean;
}

/** The kit's client, process after process, with the disk that its cursor survives on. */
export class Client {
  readonly name: string;
  readonly path: Path;
  readonly #parts: ClientParts;
  readonly #disk = new Disk();
  #lives = 0;
  #life: Life | null = null;
  #opened = false;
  readonly #unsaid: LifecycleSignal[] = [];
  #lastHandled: string | null = null;
  #crash: { readonly step: Crash; readonly life: FaultLife; readonly back: () => void } | null = null;

  constructor(parts: ClientParts) {
    this.name = parts.name;
    this.path = parts.path;
    this.#parts = parts;
  }

  get isRunning(): boolean {
    return this.#life !== null;
  }

  get machine(): Machine | null {
    return this.#life?.machine ?? null;
  }

  get handle(): StreamHandle<EventMap> | null {
    return this.#life?.handle ?? null;
  }

  /** Whether it was subscribed ever. */
  get hasOpened(): boolean {
    return this.#opened;
  }

  /** Whether it has handled everything up to the last event, and is closed where the stream has ended. */
  isThrough(sentinel: string | null): boolean {
    const { setup } = this.#parts.schedule;
    if (this.#lastHandled !== sentinel || (setup.finish === 'end' && !this.isClosed)) return false;
    // In another lane an earlier event may still be handled: then the cursor is before it.
    return setup.lanes === 1 || this.handle?.stats().cursor === sentinel;
  }

  /** Whether the client is closed, and has said so. */
  get isClosed(): boolean {
    return this.#life?.closed !== false;
  }

  /** A process begins. */
  start(): void {
    const { world, schedule, path, tamper } = this.#parts;
    const { setup } = schedule;
    const machine = new Machine(world);
    const random = seededRandom(deriveSeed(schedule.seed, `${this.name} ${++this.#lives}`));
    const life: Partial<Life> & Pick<Life, 'signal' | 'closed'> = { signal: () => undefined, closed: false };
    const handle = connect(
      STREAM_URL,
      tamper({
        name: STREAM,
        cursor: setup.cursor,
        retry: { baseMs: setup.retryBaseMs, maxMs: setup.retryMaxMs },
        connectTimeoutMs: CONNECT_MS,
        liveness: { firstByteMs: CONNECT_MS },
        order: { late: setup.late },
        handlerFailure: { attempts: ATTEMPTS, baseMs: 50, maxMs: 200 },
        ...(setup.lanes > 1
          ? { concurrency: { limit: setup.lanes, key: ({ type }: AnyEvent<EventMap>) => type } }
          : {}),
        ...(setup.commitEvery > 0 ? { commit: 'manual' as const } : {}),
        ...(setup.store === 'none' ? {} : { store: this.#disk.store(setup.store, machine, random) }),
        onDeadLetter: ({ event }) => this.#commit(event?.id ?? null, 1),
        onEvent: (event) => this.#handleEvent(event, machine, random),
        observe: (fact) => {
          if (!machine.alive) return;
          if (fact.kind === 'closed') life.closed = true;
          if (fact.kind === 'open') this.#opened = true;
          const { recorder } = this.#parts;
          const record = recordOf(fact, this.name, recorder.stamp());
          if (record) recorder.add(record);
        },
        ports: {
          clock: machine,
          random,
          // A process that is gone asks for nothing.
          transport: (request) => (machine.alive ? path.transport(request) : new Promise(() => undefined)),
          lifecycle: {
            subscribe(listener) {
              life.signal = listener;
              return () => {
                life.signal = () => undefined;
              };
            },
          },
          decoder: setup.reads === 'node' ? nodeDecoder : textDecoderPort,
          reportError: (error) => this.#parts.recorder.note(`${this.name}: reported ${String(error)}`),
        },
      }),
    );
    this.#life = Object.assign(life, { machine, handle });
  }

  /** What the page goes through. A machine that sleeps says it when it wakes. */
  signal(signal: LifecycleSignal): void {
    if (this.path.asleep) this.#unsaid.push(signal);
    else this.#life?.signal(signal);
  }

  sleep(): void {
    this.machine?.sleep();
    this.path.sleep();
  }

  wake(clock: 'runs' | 'stops', told: boolean): void {
    this.machine?.wake(clock);
    this.path.wake();
    for (const signal of this.#unsaid.splice(0)) this.signal(signal);
    if (told) this.signal('wake');
  }

  /** Dies at the moment that the step names. @param back called when it is dead. */
  crashLater(step: Crash, life: FaultLife, back: () => void): void {
    this.#crash = { step, life, back };
    if (step.when === 'now') this.#crashAt('now');
  }

  /** No crash is due any more. */
  heal(): void {
    this.#crash = null;
  }

  #crashAt(when: Crash['when']): boolean {
    const crash = this.#crash;
    // Without a cursor on the disk the next life would be another subscription, which is owed nothing of this one.
    if (crash?.step.when !== when || !this.#life || !this.#disk.hasCursor) return false;
    this.#crash = null;
    this.#life.machine.die();
    this.#life = null;
    for (const link of this.path.links) link.clientDies();
    crash.life.fired({ subject: this.name, when });
    this.#parts.recorder.write({ kind: 'close', subject: this.name, stream: STREAM, cause: 'crashed' });
    crash.back();
    return true;
  }

  #handleEvent(event: AnyEvent<EventMap>, machine: Machine, random: Random): Promise<void> | undefined {
    const { handlerMs, handlerFails } = this.#parts.schedule.setup;
    // A process that is gone neither finishes nor fails.
    const never = new Promise<void>(() => undefined);
    if (!machine.alive || (handlerMs === 0 && this.#crashAt('handling'))) return never;
    if (random() * 100 < handlerFails && event.type !== SENTINEL) throw new Error('the handler failed');
    if (handlerMs === 0) return this.#finish(event) ? undefined : never;
    const half = Math.floor(random() * handlerMs) / 2;
    return machine
      .wait(half)
      .then(() => (this.#crashAt('handling') ? never : machine.wait(half)))
      .then(() => (this.#finish(event) ? undefined : never));
  }

  /** @returns false when the process is gone now. */
  #finish(event: AnyEvent<EventMap>): boolean {
    const { recorder, schedule } = this.#parts;
    recorder.write({
      kind: 'processed',
      subject: this.name,
      stream: STREAM,
      id: event.id ?? '',
      type: event.type,
      digest: digest(event.data),
      ...(event.redelivery ? { redelivery: true } : {}),
    });
    if (event.type === SENTINEL) this.#lastHandled = event.id;
    if (this.#crashAt('handled')) return false;
    this.#commit(event.id, schedule.setup.commitEvery);
    return true;
  }

  /** As the application does that commits by itself: each n-th event, and what was given up. */
  #commit(id: string | null, every: number): void {
    const { commitEvery } = this.#parts.schedule.setup;
    if (commitEvery > 0 && id && seqOf(id) % every === 0) this.handle?.commit(id);
  }
}

function seqOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('.') + 1));
}
