import {
  createEventStream,
  createMemoryLog,
  type EventStream,
  type EventStreamOptions,
  type ReplayLog,
  type ServerFact,
  type StreamReply,
  type StreamRequest,
} from '../../kit/server/index.ts';
import type { VirtualClock } from '../../kit/testing/index.ts';
import { digest } from '../history/digest.ts';
import { deriveSeed, seededRandom } from '../runner/random.ts';
import { Machine } from './machine.ts';
import type { Upstream } from './network.ts';
import type { Recorder } from './recorder.ts';
import type { Schedule } from './schedule.ts';

export interface ServerParts {
  readonly world: VirtualClock;
  readonly schedule: Schedule;
  readonly recorder: Recorder;
  /** Changes what the server is made with, to plant a bug. */
  readonly tamper: (options: EventStreamOptions) => EventStreamOptions;
}

export const STREAM = 'simulated';
/** Type of the last event, by which a run is known to be through. No handler fails it. */
export const SENTINEL = 'sentinel';

/** Characters of one to four bytes, so that a cut anywhere is likely to be inside of one. */
const TEXT = 'añ€😀';

/** The kit's server, process after process, on a log that may survive them. */
export class Server implements Upstream {
  readonly #parts: ServerParts;
  readonly #open = new Set<string>();
  #log: ReplayLog;
  #logs = 0;
  #processes = 0;
  #running: { readonly machine: Machine; readonly stream: EventStream } | null = null;
  #published = 0;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#log = this.#newLog();
    this.start();
  }

  get isUp(): boolean {
    return this.#running !== null;
  }

  /** A process begins. @param keeps whether it finds the log that the one before it had. */
  start(keeps = true): void {
    if (this.#running) return;
    if (!keeps) this.#log = this.#newLog();
    const { world, schedule, tamper } = this.#parts;
    const { setup, seed } = schedule;
    const machine = new Machine(world);
    const stream = createEventStream(
      tamper({
        name: STREAM,
        log: this.#log,
        clock: machine,
        random: seededRandom(deriveSeed(seed, `server ${++this.#processes}`)),
        heartbeatMs: setup.heartbeatMs,
        heartbeat: setup.heartbeat,
        envelope: setup.envelope,
        retryMs: setup.retryMs,
        writeStallMs: setup.writeStallMs,
        slowReader: setup.slowReader,
        ...(setup.maxAgeMs > 0 ? { maxAgeMs: setup.maxAgeMs } : {}),
        observe: (fact) => {
          if (machine.alive) this.#observe(fact);
        },
      }),
    );
    this.#running = { machine, stream };
  }

  async handle(request: StreamRequest): Promise<StreamReply> {
    const running = this.#running;
    if (!running) throw new Error('a server that is down was asked');
    const reply = await running.stream.handle(request);
    const { body } = reply;
    if (body.kind !== 'stream' || !running.machine.alive) return reply;
    const { machine } = running;
    // What the kernel has to say to a process that is gone, nobody hears.
    const start: typeof body.start = (connect) =>
      body.start(({ onDrain, onClose }) =>
        connect({
          onDrain: () => machine.alive && onDrain(),
          onClose: () => machine.alive && onClose(),
        }),
      );
    return { ...reply, body: { kind: 'stream', start } };
  }

  /** @returns its id; `null` when it was not published: nobody can on a server that is down. */
  async publish(bytes: number, sentinel = false): Promise<string | null> {
    if (!this.#running) return null;
    const n = ++this.#published;
    const payload = { n, text: TEXT.repeat(Math.ceil(bytes / 10)) };
    const type = sentinel ? SENTINEL : `type${n % 2}`;
    const { recorder } = this.#parts;
    const what = { stream: STREAM, type, digest: digest(payload) };
    recorder.write({ kind: 'publishing', ...what });
    const id = await this.#running.stream.publish(type, payload);
    recorder.write({ kind: 'produced', ...what, id, ...(sentinel ? { sentinel } : {}) });
    return id;
  }

  async end(): Promise<void> {
    await this.#running?.stream.end();
  }

  /** The process is gone. @returns whether there was one. */
  die(): boolean {
    const running = this.#running;
    this.#running = null;
    running?.machine.die();
    for (const connection of this.#open) this.#closed(connection, 'killed');
    return running !== null;
  }

  /**
   * Ends all responses in good order, and then the process. It takes requests (and answers 503) until then.
   * @returns how many responses there were; `null` when the process was killed meanwhile.
   */
  async drain(withinMs: number): Promise<number | null> {
    const running = this.#running;
    if (!running) return null;
    const drained = running.stream.drain({ withinMs });
    // A process that is killed never comes to the end of it.
    const late = new Promise<null>((resolve) => {
      this.#parts.world.setTimeout(() => resolve(null), withinMs + 1);
    });
    const result = await Promise.race([drained, late]);
    if (this.#running !== running) return null;
    this.die();
    return result?.connections ?? 0;
  }

  #observe(fact: ServerFact): void {
    const { recorder } = this.#parts;
    if (fact.kind === 'connection-opened') {
      this.#open.add(fact.connection);
      recorder.write({ kind: 'connection', connection: fact.connection, phase: 'opened' });
    } else if (fact.kind === 'connection-closed') this.#closed(fact.connection, fact.reason);
  }

  #closed(connection: string, reason: string): void {
    this.#open.delete(connection);
    this.#parts.recorder.write({ kind: 'connection', connection, phase: 'closed', reason });
  }

  /** A log that outlives the process which closes it. */
  #newLog(): ReplayLog {
    const { retainEvents } = this.#parts.schedule.setup;
    const epoch = `epoch-${String(++this.#logs).padStart(3, '0')}`;
    return Object.assign(createMemoryLog({ epoch, maxEvents: retainEvents }), { close: () => undefined });
  }
}
