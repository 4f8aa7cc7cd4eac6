import { quote, SseKitError } from '../../kit/protocol/index.ts';
import { isStepKind } from './actions.ts';
import { CALM, type Schedule, type Step } from './schedule.ts';

/**
 * Reads a schedule as it was printed or written by hand: knobs that are left out are calm.
 * @throws SseKitError `ERR_USAGE` when it is none.
 */
export function readSchedule(text: string): Schedule {
  let value: Partial<Schedule> | null;
  try {
    value = JSON.parse(text) as Partial<Schedule> | null;
  } catch {
    throw new SseKitError('ERR_USAGE', `not JSON: ${quote(text, 60)}`);
  }
  const { seed, setup = {}, steps } = value ?? {};
  if (typeof seed !== 'number' || !Array.isArray(steps)) {
    throw new SseKitError('ERR_USAGE', 'a schedule has a number `seed` and a list `steps`');
  }
  for (const step of steps as Partial<Step>[]) {
    if (!isStepKind(step?.do) || typeof step.at !== 'number') {
      throw new SseKitError('ERR_USAGE', `not a step: ${quote(step)}`);
    }
  }
  for (const knob of Object.keys(setup)) {
    if (!(knob in CALM)) throw new SseKitError('ERR_USAGE', `there is no knob ${quote(knob)}`);
  }
  return { seed, setup: { ...CALM, ...setup }, steps };
}
