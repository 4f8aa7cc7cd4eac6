import type { ClientFact } from './facts.ts';
import type { Callbacks } from './options.ts';

/** Which callback reads which kind of fact. Kinds without one are for observers only. */
const READERS: Partial<Record<ClientFact['kind'], keyof Callbacks>> = {
  state: 'onStateChange',
  open: 'onOpen',
  disconnect: 'onDisconnect',
  closed: 'onClose',
  error: 'onError',
  retry: 'onRetry',
  'give-up': 'onGiveUp',
  heartbeat: 'onHeartbeat',
  control: 'onControl',
  duplicate: 'onDuplicate',
  'out-of-order': 'onOutOfOrder',
  gap: 'onGap',
  liveness: 'onLivenessFailure',
  'cannot-resume': 'onCannotResume',
  'dead-letter': 'onDeadLetter',
};

/** Hands a fact to its callback, if there is one. */
export function callBack(callbacks: Callbacks, fact: ClientFact): void {
  const name = READERS[fact.kind];
  // The table pairs each kind with the callback of exactly that kind.
  const callback = name && (callbacks[name] as ((fact: ClientFact) => void) | undefined);
  callback?.(fact);
}
