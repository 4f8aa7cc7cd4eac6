import type { Scenario } from '../scenario.ts';
import buffering from './buffering.ts';
import { haproxyDefaults, haproxyNoDelay } from './haproxy.ts';
import idleCut from './idle-cut.ts';
import lifetimeCut from './lifetime-cut.ts';
import { nginxDefaults, nginxGzip } from './nginx.ts';

/** Everything in the group `proxy`. */
export const proxyScenarios: readonly Scenario[] = [
  buffering,
  haproxyDefaults,
  haproxyNoDelay,
  idleCut,
  lifetimeCut,
  nginxDefaults,
  nginxGzip,
];
