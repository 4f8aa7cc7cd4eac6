import { deriveSeed, type Random, seededRandom } from '../runner/random.ts';
import { CALM, type Schedule, type Setup, type Step } from './schedule.ts';

/** The schedule of a number in a campaign: the same for the same two numbers, for ever. */
export function scheduleOf(seed: number, index: number): Schedule {
  const own = deriveSeed(seed, `schedule ${index}`);
  const dice = new Dice(seededRandom(own));
  const setup = drawSetup(dice);
  const lastAt = dice.pick([3000, 10_000, 30_000, 60_000]);
  const steps = Array.from({ length: dice.between(2, 14) }, () => drawStep(dice, setup, lastAt));
  return {
    seed: own,
    ...compatible(
      setup,
      steps.sort((a, b) => a.at - b.at),
    ),
  };
}

class Dice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }

  chance(perCent: number): boolean {
    return this.#random() * 100 < perCent;
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }
}

/** Most knobs are calm in most schedules: what a fault does is then not hidden behind another. */
function drawSetup(dice: Dice): Setup {
  const maybe = <K extends keyof Setup>(knob: K, others: readonly Setup[K][], perCent = 35): Setup[K] =>
    dice.chance(perCent) ? dice.pick(others) : CALM[knob];
  return {
    clients: maybe('clients', [2, 3], 20),
    finish: maybe('finish', ['end'], 25),
    quietMs: maybe('quietMs', [0, 15_000], 40),
    heartbeatMs: maybe('heartbeatMs', [1000, 3000], 70),
    heartbeat: maybe('heartbeat', ['event'], 20),
    envelope: maybe('envelope', ['bare'], 25),
    retainEvents: maybe('retainEvents', [1, 3, 10, 40], 25),
    retryMs: maybe('retryMs', [0, 200, 4000]),
    maxAgeMs: maybe('maxAgeMs', [2000, 8000, 20_000], 20),
    writeStallMs: maybe('writeStallMs', [1000, 5000]),
    slowReader: maybe('slowReader', ['close'], 25),
    latencyMs: maybe('latencyMs', [0, 1, 100, 400]),
    jitterMs: maybe('jitterMs', [5, 50, 300]),
    chunks: maybe('chunks', ['split', 'split', 'bytes'], 50),
    windowBytes: maybe('windowBytes', [64, 500, 2000], 30),
    reads: maybe('reads', ['fetch'], 50),
    handlerMs: maybe('handlerMs', [5, 50, 400], 50),
    handlerFails: maybe('handlerFails', [5, 50], 20),
    lanes: maybe('lanes', [2, 4], 15),
    commitEvery: maybe('commitEvery', [1, 3], 15),
    store: maybe('store', ['sync', 'sync', 'slow', 'failing'], 60),
    late: maybe('late', ['deliver', 'drop'], 20),
    cursor: maybe('cursor', ['query'], 20),
    retryBaseMs: maybe('retryBaseMs', [300, 2000]),
    retryMaxMs: maybe('retryMaxMs', [2000, 20_000]),
  };
}

type Draw = (dice: Dice, at: number, client: number) => Step;

const publish: Draw = (dice, at) => {
  const bytes = dice.pick([10, 10, 60, 60, 400, 3000]);
  return { at, do: 'publish', count: bytes > 1000 ? 1 : dice.pick([1, 1, 2, 5, 15]), bytes };
};

const FAULTS: readonly Draw[] = [
  (dice, at, client) => ({
    at,
    client,
    do: 'cut',
    how: dice.pick(['reset', 'end']),
    after: dice.pick([0, 1, dice.between(2, 300), dice.between(300, 3000)]),
    inside: dice.pick(['anything', 'character', 'id']),
  }),
  (_, at, client) => ({ at, client, do: 'vanish' }),
  (dice, at, client) => ({ at, client, do: 'hold', ms: dice.pick([300, 2000, 8000]) }),
  (dice, at) => ({ at, do: 'refuse', ms: dice.pick([500, 3000, 15_000]) }),
  (dice, at) => ({ at, do: 'swallow', ms: dice.pick([500, 3000, 15_000]) }),
  (dice, at) => ({
    at,
    do: 'answer',
    status: dice.pick([502, 503]),
    retryAfter: dice.pick([0, 1, 7]),
    times: dice.between(1, 3),
  }),
  (dice, at, client) => ({
    at,
    client,
    do: 'frames',
    what: dice.pick(['drop', 'duplicate', 'swap']),
    times: dice.pick([1, 1, 1, 3]),
  }),
  (dice, at) => ({
    at,
    do: 'kill',
    how: dice.pick(['reset', 'end', 'silent']),
    keeps: dice.chance(70),
    ms: dice.pick([0, 500, 5000]),
  }),
  (dice, at) => ({
    at,
    do: 'drain',
    withinMs: dice.pick([0, 500, 3000]),
    keeps: dice.chance(80),
    ms: dice.pick([0, 500]),
  }),
  (dice, at, client) => ({
    at,
    client,
    do: 'crash',
    when: dice.pick(['now', 'handling', 'handled']),
    ms: dice.pick([0, 500, 5000]),
  }),
  (dice, at, client) => ({
    at,
    client,
    do: 'sleep',
    ms: dice.pick([500, 8000, 120_000]),
    clock: dice.pick(['runs', 'stops']),
    connection: dice.pick(['kept', 'lost', 'reset']),
    told: dice.chance(50),
  }),
  (dice, at, client) => ({ at, client, do: 'offline', ms: dice.pick([500, 5000, 20_000]) }),
  (dice, at, client) => ({ at, client, do: 'suspend', ms: dice.pick([500, 5000]) }),
  (dice, at, client) => ({ at, client, do: 'jump', ms: dice.pick([-3_600_000, -1000, 1000, 3_600_000]) }),
  (_, at, client) => ({ at, client, do: 'reconnect' }),
];

function drawStep(dice: Dice, { clients }: Setup, lastAt: number): Step {
  const at = dice.between(0, lastAt);
  const draw = dice.chance(50) ? publish : dice.pick(FAULTS);
  return draw(dice, at, dice.between(0, clients - 1));
}

/** Takes out what goes beyond the kit's promises, or what the oracle cannot judge together. */
function compatible(setup: Setup, steps: readonly Step[]): Pick<Schedule, 'setup' | 'steps'> {
  const crashes = steps.some(({ do: what }) => what === 'crash');
  const isThin = setup.windowBytes < CALM.windowBytes && setup.latencyMs + setup.jitterMs > 20;
  return {
    setup: {
      ...setup,
      // An event that takes longer than `writeStallMs` on a thin line, or than the client's deadline for a whole frame,
      // never gets through: one of them cuts it each time.
      ...(isThin ? { windowBytes: 2000, writeStallMs: CALM.writeStallMs } : {}),
      // What is handled again after it was given up is handled late.
      ...(crashes || setup.commitEvery > 1 ? { handlerFails: 0 } : {}),
      ...(crashes && setup.store === 'none' ? { store: 'sync' } : {}),
      ...(setup.lanes > 1 ? { commitEvery: 0 } : {}),
    },
    steps,
  };
}
