import type { Scenario } from '../scenario.ts';
import bfcache from './bfcache.ts';
import freeze from './freeze.ts';
import offlineOnline from './offline-online.ts';
import tabs from './tabs.ts';

/** Everything in the group `browser`. */
export const browserScenarios: readonly Scenario[] = [bfcache, freeze, offlineOnline, tabs];
