import type { Scenario } from '../scenario.ts';
import crashBeforeCommit from './crash-before-commit.ts';
import cutDuringReplay from './cut-during-replay.ts';
import emptyIdResets from './empty-id-resets.ts';
import evicted from './evicted.ts';
import handoffRace from './handoff-race.ts';
import hostileId from './hostile-id.ts';
import idOnlyCheckpoint from './id-only-checkpoint.ts';
import insideBuffer from './inside-buffer.ts';
import nonAsciiId from './non-ascii-id.ts';
import phantomResend from './phantom-resend.ts';
import reloadPage from './reload-page.ts';
import restartProcess from './restart-process.ts';
import unknownId from './unknown-id.ts';

/** Everything in the group `resume`. */
export const resumeScenarios: readonly Scenario[] = [
  crashBeforeCommit,
  cutDuringReplay,
  emptyIdResets,
  evicted,
  handoffRace,
  hostileId,
  idOnlyCheckpoint,
  insideBuffer,
  nonAsciiId,
  phantomResend,
  reloadPage,
  restartProcess,
  unknownId,
];
