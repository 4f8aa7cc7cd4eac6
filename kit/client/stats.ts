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

/** What is counted for `stats()`. */
export interface Tally {
  readonly of: {
    opened: number;
    processed: number;
    duplicates: number;
    gaps: number;
    missed: number;
    head: string | null;
  };
  /** Counts what a fact says. */
  add(fact: ClientFactBody): void;
}

export function createTally(): Tally {
  const of: Tally['of'] = { opened: 0, processed: 0, duplicates: 0, gaps: 0, missed: 0, head: null };
  return {
    of,
    add(fact) {
      if (fact.kind === 'duplicate') of.duplicates++;
      else if (fact.kind === 'heartbeat') of.head = fact.head;
      else if (fact.kind === 'out-of-order') {
        if (fact.announced && fact.action === 'delivered') of.missed--;
      } else if (fact.kind === 'gap' || fact.kind === 'cannot-resume') {
        of.gaps++;
        of.missed += fact.missed ?? 0;
      }
    },
  };
}
