/**
 * A deliberate bug, as a change of one place in the kit's source. It is applied to a copy, never to the checkout.
 */
export interface Mutant {
  /** Stable, kebab-case, says the bug. */
  readonly id: string;
  /** What the kit does wrong with it, in a sentence. */
  readonly description: string;
  /** Path from the project's root. */
  readonly file: string;
  /** Exact source text; occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Scenarios that are expected to catch it, the likeliest first. All are run. */
  readonly scenarios: readonly string[];
}

/** @throws Error when the text to be replaced does not occur exactly once: the table is out of date. */
export function applyMutant({ id, file, find, replace }: Mutant, source: string): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(`mutant ${id}: its text occurs ${parts.length - 1} times in ${file}, not once:\n${find}`);
  }
  return parts.join(replace);
}
