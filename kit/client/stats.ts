import type { ClientFactBody } from './facts.ts';

/** Numbers for `stats()`. */
export interface ClientStats {
  readonly attempts: number;
  readonly opened: number;
  /** Events handled and committed. */
  readonly processed: number;
  readonly duplicates: number;
  readonly gaps: number;
  /** Events said to be lost, where the number was known. */
  readonly missed: number;
  /** The last id whose handler finished. */
  readonly cursor: string | null;
  /** Head of the server's log as it last named it, on opening or in a heartbeat: the cursor may be beyond. `null` before. */
  readonly head: string | null;
}

/** What is counted for `stats()`; the rest is known elsewhere. */
export type Counts = {
  -readonly [Name in keyof Omit<ClientStats, 'attempts' | 'cursor'>]: ClientStats[Name];
};

/** Counts what a fact says. Not what was processed: that is a fact only where somebody observes. */
export function countFact(counts: Counts, fact: ClientFactBody): void {
  const { kind } = fact;
  if (kind === 'open') counts.opened++;
  else if (kind === 'duplicate') counts.duplicates++;
  else if (kind === 'heartbeat') counts.head = fact.head;
  else if (kind === 'gap' || kind === 'cannot-resume') {
    counts.gaps++;
    counts.missed += fact.missed ?? 0;
  } else if (kind === 'out-of-order' && fact.announced && fact.action === 'delivered') counts.missed--;
}
