import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { quote, SseKitError } from '../../../kit/protocol/index.ts';
import type { Capability } from '../types.ts';

/**
 * What each client claims in its documentation. All reconnect and send Last-Event-ID; none deduplicates, reorders,
 * announces a loss or connects again by hand. What is not claimed here is "–" on the scoreboard, not a failure.
 */
const ALL: readonly Capability[] = ['connect', 'resume'];
const MORE: Readonly<Record<string, readonly Capability[]>> = {
  // README, "Configuring backoff and jitter" and "Read timeout".
  'launchdarkly-eventsource': ['backoff', 'liveness'],
};

export function claimsOf(peer: string): readonly Capability[] {
  return [...ALL, ...(MORE[peer] ?? [])];
}

/** Version of an installed package, read from its manifest where it lies: not every package exports it. */
export function versionOf(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const manifest = folders
    .map((folder) => join(folder, name, 'package.json'))
    .find((path) => existsSync(path));
  if (!manifest) throw new SseKitError('ERR_PEER_MISSING', `${quote(name)} is not installed`);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
