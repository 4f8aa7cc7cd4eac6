import type { Scenario } from '../scenario.ts';
import crashBeforeCommit from './crash-before-commit.ts';
import evicted from './evicted.ts';
import insideBuffer from './inside-buffer.ts';

/** Everything in the group `resume`. */
export const resumeScenarios: readonly Scenario[] = [crashBeforeCommit, evicted, insideBuffer];
