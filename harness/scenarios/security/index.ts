import type { Scenario } from '../scenario.ts';
import cors from './cors.ts';
import crossTenantResume from './cross-tenant-resume.ts';
import injection from './injection.ts';
import slowloris from './slowloris.ts';
import tokenExpiry from './token-expiry.ts';

/** Everything in the group `security`. */
export const securityScenarios: readonly Scenario[] = [
  cors,
  crossTenantResume,
  injection,
  slowloris,
  tokenExpiry,
];
