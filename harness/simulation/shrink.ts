import { CALM, type Schedule, type Setup, type Step } from './schedule.ts';

/** Whether a schedule still fails in the way that is looked into. */
export type Fails = (schedule: Schedule) => Promise<boolean>;

/** A smaller schedule that may fail as well: what to try next, boldest first. */
type Proposals = (schedule: Schedule) => Iterable<Schedule>;

/**
 * Reduces a failing schedule: fewer steps, calmer knobs, smaller numbers, again and again until nothing can be taken away
 * (delta debugging, Zeller 1999, with the knobs and numbers in the same loop).
 * @param mostRuns after so many attempts what is reached by then is returned.
 */
export async function shrink(schedule: Schedule, fails: Fails, mostRuns = 1000): Promise<Schedule> {
  let smallest = schedule;
  let runs = 0;
  const tryAll = async (proposals: Proposals): Promise<boolean> => {
    for (const smaller of proposals(smallest)) {
      if (runs++ >= mostRuns) return false;
      if (!(await fails(smaller))) continue;
      smallest = smaller;
      return true;
    }
    return false;
  };
  for (const proposals of [withoutSteps, calmer, withSmallerNumbers, withoutSteps, calmer]) {
    while (await tryAll(proposals));
  }
  return smallest;
}

/** Half of the steps left out, then a quarter, then each alone. */
function* withoutSteps(schedule: Schedule): Iterable<Schedule> {
  const { steps } = schedule;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length; from += size) {
      yield { ...schedule, steps: steps.toSpliced(from, size) };
    }
  }
}

/** All knobs calm, then one. */
function* calmer(schedule: Schedule): Iterable<Schedule> {
  const { setup } = schedule;
  const restless = (Object.keys(CALM) as (keyof Setup)[]).filter((knob) => setup[knob] !== CALM[knob]);
  if (restless.length > 1) yield { ...schedule, setup: CALM };
  for (const knob of restless) yield { ...schedule, setup: { ...setup, [knob]: CALM[knob] } };
}

/** One number of one step smaller: as small as it can be, else half, else round. */
function* withSmallerNumbers(schedule: Schedule): Iterable<Schedule> {
  const { steps } = schedule;
  for (const [index, step] of steps.entries()) {
    const earliest = steps[index - 1]?.at ?? 0;
    for (const [field, value] of Object.entries(step)) {
      if (typeof value !== 'number' || field === 'client') continue;
      const least = field === 'at' ? earliest : field === 'count' || field === 'times' ? 1 : 0;
      for (const smaller of smallerThan(value, least)) {
        yield { ...schedule, steps: steps.with(index, { ...step, [field]: smaller } as Step) };
      }
    }
  }
}

function smallerThan(value: number, least: number): readonly number[] {
  const candidates = [least, Math.round((least + value) / 2), Math.floor(value / 100) * 100];
  return [...new Set(candidates)].filter((each) => each >= least && each < value);
}
