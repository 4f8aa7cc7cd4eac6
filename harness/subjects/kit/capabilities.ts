import { createRequire } from 'node:module';
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
  'reconnect',
  'fresh-token',
  'reorder',
  'store',
  'start-from',
];

// By the package's own name: the manifest is in the same place for the sources and for the built package.
const manifest = createRequire(import.meta.url)('sse-reliability-kit/package.json') as { version: string };

export const KIT_VERSION: string = manifest.version;
