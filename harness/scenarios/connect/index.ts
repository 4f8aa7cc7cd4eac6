import type { Scenario } from '../scenario.ts';
import status503RetryAfter from './503-retry-after.ts';
import acceptThenClose from './accept-then-close.ts';
import baseline from './baseline.ts';
import blackHole from './black-hole.ts';
import redirect from './redirect.ts';
import refusedThenUp from './refused-then-up.ts';
import sixPerHost from './six-per-host.ts';
import sixPerHostWithSharing from './six-per-host-with-sharing.ts';
import slowFirstByte from './slow-first-byte.ts';
import unauthorized from './unauthorized.ts';
import wrongType from './wrong-type.ts';

/** Everything in the group `connect`. */
export const connectScenarios: readonly Scenario[] = [
  status503RetryAfter,
  acceptThenClose,
  baseline,
  blackHole,
  redirect,
  refusedThenUp,
  sixPerHost,
  sixPerHostWithSharing,
  slowFirstByte,
  unauthorized,
  wrongType,
];
