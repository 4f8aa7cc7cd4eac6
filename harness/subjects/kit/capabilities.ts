import manifest from '../../../package.json' with { type: 'json' };
import type { Capability } from '../types.ts';

/** What the kit's client can do, wherever it runs. */
export const KIT_CAPABILITIES: readonly Capability[] = [
  'connect',
  'resume',
  'dedupe',
  'announce-loss',
  'liveness',
  'backoff',
  'client-metrics',
];

export const KIT_VERSION: string = manifest.version;
