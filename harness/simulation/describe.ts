import { CALM, type Schedule, type Setup, type Step } from './schedule.ts';

/** A schedule for a person: what is not calm about the setup, and the steps with their times. */
export function describeSchedule({ setup, steps }: Schedule): string {
  const restless = (Object.keys(CALM) as (keyof Setup)[]).filter((knob) => setup[knob] !== CALM[knob]);
  const knobs = restless.map((knob) => `${knob} ${setup[knob]}`).join(', ');
  return [`setup: ${knobs || 'calm'}`, ...steps.map(describeStep)].map((line) => `  ${line}\n`).join('');
}

function describeStep(step: Step, index: number): string {
  const { at, do: what, ...more } = step;
  const details = Object.entries(more).map(([field, value]) =>
    field === 'client' ? `client ${Number(value) + 1}` : `${field} ${value}`,
  );
  const number = `#${index + 1}`.padEnd(4);
  return `${number}${(at / 1000).toFixed(3).padStart(8)} s  ${what.padEnd(9)} ${details.join(', ')}`.trimEnd();
}
