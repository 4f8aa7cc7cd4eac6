import type { Scenario } from '../scenario.ts';
import beforeFirstEvent from './before-first-event.ts';
import cleanEnd from './clean-end.ts';
import cutAfterIdLine from './cut-after-id-line.ts';
import cutMidUtf8 from './cut-mid-utf8.ts';
import finBetweenEvents from './fin-between-events.ts';
import finMidEvent from './fin-mid-event.ts';
import flapping from './flapping.ts';
import slowClose from './slow-close.ts';
import trueRst from './true-rst.ts';
import truncateEveryN from './truncate-every-n.ts';

/** Everything in the group `disconnect`. */
export const disconnectScenarios: readonly Scenario[] = [
  beforeFirstEvent,
  cleanEnd,
  cutAfterIdLine,
  cutMidUtf8,
  finBetweenEvents,
  finMidEvent,
  flapping,
  slowClose,
  trueRst,
  truncateEveryN,
];
