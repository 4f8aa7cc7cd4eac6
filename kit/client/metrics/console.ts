import type { ClientFact } from '../facts.ts';

/** Drops every fact: for code that always wants an observer. */
export function noopObserver(): (fact: ClientFact) => void {
  return () => undefined;
}

/** What the console observer writes to; `console` fits. */
export interface ConsoleLike {
  info(message: string, detail: object): void;
  warn(message: string, detail: object): void;
}

const WORTH_A_WARNING: ReadonlyArray<ClientFact['kind']> = [
  'error',
  'give-up',
  'gap',
  'cannot-resume',
  'liveness',
  'dead-letter',
  'handler-failed',
];
const PER_EVENT: ReadonlyArray<ClientFact['kind']> = ['received', 'processed', 'heartbeat', 'control'];

/**
 * Writes facts to the console, one line each.
 * @param options `perEvent`: also what happens for each event and heartbeat; default false.
 */
export function consoleObserver(
  options: { readonly perEvent?: boolean; readonly console?: ConsoleLike } = {},
): (fact: ClientFact) => void {
  const target = options.console ?? console;
  return (fact) => {
    if (PER_EVENT.includes(fact.kind) && !options.perEvent) return;
    const { kind, ...detail } = fact;
    target[WORTH_A_WARNING.includes(kind) ? 'warn' : 'info'](`sse ${kind}`, detail);
  };
}
