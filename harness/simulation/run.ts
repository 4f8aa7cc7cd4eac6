import type { ConnectOptions } from '../../kit/client/index.ts';
import type { EventStreamOptions } from '../../kit/server/index.ts';
import { VirtualClock } from '../../kit/testing/index.ts';
import { deriveSeed, seededRandom } from '../runner/random.ts';
import { Client } from './client.ts';
import { Network } from './network.ts';
import { Recorder } from './recorder.ts';
import type { Schedule } from './schedule.ts';
import { Server } from './server.ts';
import { macrotask } from './settle.ts';

/** Changes what client and server are made with. To plant bugs: a simulation that convicts nobody proves nothing. */
export interface Tampering {
  readonly client?: (options: ConnectOptions) => ConnectOptions;
  readonly server?: (options: EventStreamOptions) => EventStreamOptions;
  /** Changes the frames that the server has written, before the network gets them. */
  readonly frames?: (text: string) => string;
}

/** Everything that takes part in one simulated run. */
export class Run {
  readonly schedule: Schedule;
  readonly clock = new VirtualClock(undefined, macrotask);
  readonly recorder: Recorder;
  readonly server: Server;
  readonly network: Network;
  readonly clients: readonly Client[];
  /** Faults that last and are not over yet. */
  #lasting = 0;

  constructor(schedule: Schedule, tampering: Tampering = {}) {
    const { clock } = this;
    const { setup, seed } = schedule;
    this.schedule = schedule;
    const recorder = new Recorder(clock, schedule);
    this.recorder = recorder;
    this.server = new Server({ world: clock, schedule, recorder, tamper: tampering.server ?? same });
    const network = new Network({
      world: clock,
      setup,
      recorder,
      tamper: tampering.frames ?? null,
      random: seededRandom(deriveSeed(seed, 'network')),
      upstream: this.server,
    });
    this.network = network;
    this.clients = Array.from({ length: setup.clients }, (_, index) => {
      const name = `client ${index + 1}`;
      const path = network.path(name);
      return new Client({ name, world: clock, schedule, recorder, path, tamper: tampering.client ?? same });
    });
  }

  get isCalm(): boolean {
    return this.#lasting === 0;
  }

  /** A fault lasts for so long. */
  lasts(ms: number, over: () => void): void {
    this.lastsUntil((done) =>
      this.clock.setTimeout(() => {
        over();
        done();
      }, ms),
    );
  }

  /** A fault lasts until it says that it is over. */
  lastsUntil(begin: (done: () => void) => void): void {
    this.#lasting++;
    begin(() => {
      this.#lasting--;
    });
  }
}

const same = <T>(options: T): T => options;
