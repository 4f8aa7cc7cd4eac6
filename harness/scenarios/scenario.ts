import type { Budget, Expectation, Guarantee } from '../oracle/types.ts';
import type { Stage } from '../runner/stage.ts';
import type { ServerSettings } from '../runner/target.ts';
import type { Capability, ClientSettings } from '../subjects/types.ts';

/**
 * One fault and what must hold, as a short file that reads as prose. The end is the same for all and not written
 * here: the runner heals what is still broken, publishes a sentinel, waits for it, and has the oracle judge.
 */
export interface Scenario {
  /** Stable id, `group/name`. */
  readonly id: string;
  readonly title: string;
  /** What is expected to hold, in a sentence. */
  readonly hypothesis: string;
  /** What normal is before the fault. */
  readonly steadyState: string;
  readonly guarantee: Guarantee;
  readonly budget: Budget;
  /** Capabilities of client or server without which the scenario says nothing. */
  readonly needs: readonly Capability[];
  /**
   * Faults this scenario plans, by `engine/kind`, one entry for each time. One that is never armed, or leaves no
   * evidence, makes the verdict `unknown`.
   */
  readonly faults: readonly string[];
  readonly tags: readonly string[];
  /** What else the oracle should expect. */
  readonly expect?: Omit<Expectation, 'guarantee' | 'budget'>;
  /**
   * The client lives in a page of another origin than the stream, and the server lists that origin. Needs
   * `page-origin`.
   */
  readonly otherOrigin?: boolean;
  readonly server?: Partial<ServerSettings>;
  readonly client?: Partial<ClientSettings>;
  /** Real time that it takes beyond the ordinary, in milliseconds; default 0. */
  readonly takesMs?: number;
  run(stage: Stage): Promise<void>;
  /** What must hold beyond the oracle's checks; each complaint is a sentence, none means true. */
  readonly check?: (stage: Stage) => readonly string[];
}

/**
 * Tag of scenarios that run against every demo server. The others run against one each, in turn, so that the suite
 * stays short and every framework still sees a share of the catalogue.
 */
export const EVERY_SERVER = 'every-server';

/** Declares a scenario; the group becomes its first tag. */
export function scenario(
  definition: Omit<Scenario, 'tags'> & { readonly tags?: readonly string[] },
): Scenario {
  const group = definition.id.split('/')[0] ?? '';
  return { ...definition, tags: [group, ...(definition.tags ?? [])] };
}
