import type { ClientFact } from './facts.ts';
import type { Callbacks } from './options.ts';

type Kind = ClientFact['kind'];

/** Callbacks that are not called after their kind of fact. */
const NAMES: Partial<Record<Kind, keyof Callbacks>> = {
  state: 'onStateChange',
  closed: 'onClose',
  liveness: 'onLivenessFailure',
};

/**
 * The callback for a kind of fact, if there is one: `gap` is read by `onGap`, `out-of-order` by `onOutOfOrder`. Kinds
 * without a callback are for observers only.
 */
export function callbackOf(callbacks: Callbacks, kind: Kind): ((fact: ClientFact) => unknown) | undefined {
  NAMES[kind] ??= `on-${kind}`.replace(/-(.)/g, (_, letter: string) =>
    letter.toUpperCase(),
  ) as keyof Callbacks;
  // The name says which kind of fact the callback takes.
  return callbacks[NAMES[kind]] as ((fact: ClientFact) => unknown) | undefined;
}
