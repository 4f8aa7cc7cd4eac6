import { CALM, type Schedule, type Setup, type Step } from './schedule.ts';

/** Whether a schedule still fails in the way that is looked into. */
export type Fails = (schedule: Schedule) => Promise<boolean>;

/** Makes a schedule smaller; `null` where there is nothing to do any more. */
type Reduction = (schedule: Schedule) => Schedule | null;

/**
 * Reduces a failing schedule: fewer steps, calmer knobs, smaller numbers, over and over until nothing can be taken away
 * (delta debugging, Zeller 1999).
 * @param mostRuns after so many attempts what is reached by then is returned.
 */
export async function shrink(schedule: Schedule, fails: Fails, mostRuns = 1000): Promise<Schedule> {
  let smallest = schedule;
  let runs = 0;
  const pass = async (reductions: readonly Reduction[]): Promise<boolean> => {
    let reduced = false;
    for (const reduce of reductions) {
      const smaller = reduce(smallest);
      if (!smaller || runs++ >= mostRuns || !(await fails(smaller))) continue;
      smallest = smaller;
      reduced = true;
    }
    return reduced;
  };
  for (let goesOn = true; goesOn && runs < mostRuns; ) {
    goesOn = await pass(fewerSteps(smallest));
    goesOn = (await pass(calmerKnobs(smallest))) || goesOn;
    goesOn = (await pass(smallerNumbers(smallest))) || goesOn;
  }
  return smallest;
}

/** Half of the steps left out, then a quarter, then each alone. */
function fewerSteps({ steps }: Schedule): Reduction[] {
  const reductions: Reduction[] = [];
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < steps.length; from += size) {
      const out = new Set(steps.slice(from, from + size));
      reductions.push((schedule) => {
        const left = schedule.steps.filter((step) => !out.has(step));
        return left.length < schedule.steps.length ? { ...schedule, steps: left } : null;
      });
    }
  }
  return reductions;
}

/** All knobs calm, then each. */
function calmerKnobs(schedule: Schedule): Reduction[] {
  const restless = (Object.keys(CALM) as (keyof Setup)[]).filter(
    (knob) => schedule.setup[knob] !== CALM[knob],
  );
  const calm = (changes: Partial<Setup>): Reduction => {
    return ({ setup, ...others }) => {
      const changed = Object.entries(changes).some(([knob, value]) => setup[knob as keyof Setup] !== value);
      return changed ? { ...others, setup: { ...setup, ...changes } } : null;
    };
  };
  return [calm(CALM), ...restless.map((knob) => calm({ [knob]: CALM[knob] }))];
}

/** Each number of each step: as small as it can be, else half, else round. */
function smallerNumbers({ steps }: Schedule): Reduction[] {
  return steps.flatMap((step, index) =>
    Object.entries(step).flatMap(([field, value]) =>
      typeof value === 'number' && field !== 'client'
        ? [toLeast, toHalf, toRound].map((smaller) => numberReduction(index, field, smaller))
        : [],
    ),
  );
}

type Smaller = (value: number, least: number) => number;

const toLeast: Smaller = (_, least) => least;
const toHalf: Smaller = (value, least) => Math.round((least + value) / 2);
const toRound: Smaller = (value) => Math.floor(value / 100) * 100;

function numberReduction(index: number, field: string, smaller: Smaller): Reduction {
  return (schedule) => {
    const step = schedule.steps[index];
    const value = (step as unknown as Record<string, unknown>)[field];
    if (!step || typeof value !== 'number') return null;
    // Steps keep their order.
    const before = schedule.steps[index - 1]?.at ?? 0;
    const least = field === 'at' ? before : field === 'count' || field === 'times' ? 1 : 0;
    const wanted = smaller(value, least);
    if (wanted < least || wanted >= value) return null;
    return { ...schedule, steps: schedule.steps.with(index, { ...step, [field]: wanted } as Step) };
  };
}
