import type { Armament } from './armed-fault.ts';

/** How far a response has come. */
export interface Progress {
  readonly headSent: boolean;
  /** `stream.open` was passed on. */
  readonly opened: boolean;
  readonly events: number;
  readonly bodyBytes: number;
}

/**
 * Whether a fault's trigger is open from the moment it meets an exchange. `underway`: the fault was armed in the middle
 * of it. Triggers of time, silence and id open later, by themselves.
 */
export function opensAtOnce(fault: Armament, underway: boolean, progress: Progress): boolean {
  const { trigger, requests } = fault;
  switch (trigger.when) {
    case 'always':
      return true;
    case 'onConnect':
      return !underway && requests === trigger.nth;
    case 'afterHead':
      return progress.headSent;
    case 'afterOpen':
      return progress.opened;
    case 'afterEvent':
      return progress.headSent && progress.events >= trigger.events;
    case 'atByte':
      return progress.headSent && progress.bodyBytes >= trigger.byte;
    default:
      return false;
  }
}
