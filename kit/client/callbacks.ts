import type { ClientFact } from './facts.ts';
import type { Callbacks } from './options.ts';

type Kind = ClientFact['kind'];

/** Callbacks that are not called after their kind of fact. */
const NAMES: Partial<Record<Kind, keyof Callbacks>> = {
  state: 'onStateChange',
  closed: 'onClose',
  liveness: 'onLivenessFailure',
};

/** `gap` is read by `onGap`, `out-of-order` by `onOutOfOrder`. Kinds without a callback are for observers only. */
function nameOf(kind: Kind): keyof Callbacks {
  NAMES[kind] ??= `on-${kind}`.replace(/-(.)/g, (_, letter: string) =>
    letter.toUpperCase(),
  ) as keyof Callbacks;
  return NAMES[kind];
}

/** Hands a fact to its callback, if there is one. @returns what it returned: a promise, where it is asynchronous. */
export function callBack(callbacks: Callbacks, fact: ClientFact): unknown {
  // The name says which kind of fact the callback takes.
  const callback = callbacks[nameOf(fact.kind)] as ((fact: ClientFact) => unknown) | undefined;
  return callback?.(fact);
}
