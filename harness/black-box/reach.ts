import type { Scenario } from '../scenarios/index.ts';
import type { Capability } from '../subjects/types.ts';
import type { Look } from './look.ts';
import { slowness } from './pace.ts';

/** Heartbeats that come so seldom do not give a fault of 1.5 s away. */
const UNHURRIED_MS = 2000;

/** Why a scenario says nothing about such a server, `null` when it does. */
type When = (look: Look) => string | null;

const always: When = () => null;
const withPositions: When = ({ positions }) =>
  positions ? null : 'needs `stream.open` (PROTOCOL.md): no other server says where a subscription begins';
const withoutHaste: When = ({ heartbeatMs }) =>
  heartbeatMs !== null && heartbeatMs < UNHURRIED_MS
    ? 'needs heartbeats that are further apart: a missing one is noticed before the fault shows'
    : null;
const withBoth: When = (look) =>
  withPositions(look) ??
  (look.heartbeats > 0 ? null : 'needs heartbeats that name a position; a stream that is busy sends none');
/** `proxy/buffering` fills 8 KiB, and its deadline of 1.5 s has to pass before they are full. */
const unlessBusy: When = (look) =>
  look.bytesPerSecond * 3 * slowness(look) < 8192
    ? null
    : 'needs a stream so calm that a buffer of 8 KiB is not full before anybody notices';

const CLIENT = 'judges the client alone; the server has no part in it';
const PUBLISHES = 'decides what is published, and when';
const SETTINGS = 'starts the server with other settings';
const STOPS = 'stops the server';
const MANY = 'opens many connections: not to a server that is not ours';
const FRONT = 'starts a proxy program in front of the server';

/** What each scenario of the catalogue asks of a server: nothing but events that come by themselves, or more. */
const REACH: Readonly<Record<string, When | string>> = {
  'browser/bfcache': CLIENT,
  'browser/freeze': CLIENT,
  'browser/offline-online': CLIENT,
  'browser/tabs': CLIENT,
  'connect/503-retry-after': always,
  'connect/accept-then-close': always,
  'connect/baseline': always,
  'connect/black-hole': always,
  'connect/redirect': always,
  'connect/refused-then-up': always,
  'connect/six-per-host': CLIENT,
  'connect/six-per-host-with-sharing': CLIENT,
  'connect/slow-first-byte': always,
  'connect/unauthorized': 'sends tokens of its own',
  'connect/wrong-type': always,
  'dedupe/beyond-window': CLIENT,
  'dedupe/duplicate': always,
  'dedupe/overlap-replay': CLIENT,
  'dedupe/same-id-new-payload': CLIENT,
  'deploy/max-age': SETTINGS,
  'deploy/redis-restart': STOPS,
  'deploy/rolling-two-nodes': STOPS,
  'deploy/sigkill-durable': STOPS,
  'deploy/sigkill-memory': STOPS,
  'deploy/sigterm-drain': STOPS,
  'disconnect/before-first-event': withPositions,
  'disconnect/clean-end': always,
  'disconnect/cut-after-id-line': always,
  'disconnect/cut-mid-utf8': PUBLISHES,
  'disconnect/fin-between-events': always,
  'disconnect/fin-mid-event': always,
  'disconnect/flapping': always,
  'disconnect/slow-close': withoutHaste,
  'disconnect/true-rst': always,
  'disconnect/truncate-every-n': always,
  'liveness/half-open': always,
  'liveness/heartbeat-jitter': SETTINGS,
  'liveness/heartbeats-only': withBoth,
  'liveness/quiet-stream': PUBLISHES,
  'liveness/short-stall': always,
  'liveness/sleep-wake': CLIENT,
  'liveness/tail-loss': PUBLISHES,
  'liveness/trickle': always,
  'malformed/bom': CLIENT,
  'malformed/chunking': CLIENT,
  'malformed/fields': CLIENT,
  'malformed/json': CLIENT,
  'malformed/newlines': CLIENT,
  'order/jitter': always,
  'order/silent-hole': (look) => withPositions(look) ?? withoutHaste(look),
  'order/swap': CLIENT,
  'order/two-streams': SETTINGS,
  'overload/caps': MANY,
  'overload/frozen-among-50': MANY,
  'overload/oversized-event': CLIENT,
  'overload/retry-0': CLIENT,
  'overload/retry-huge': CLIENT,
  'overload/slow-consumer': PUBLISHES,
  'overload/storm-100': MANY,
  'proxy/buffering': unlessBusy,
  'proxy/haproxy-defaults': FRONT,
  'proxy/haproxy-no-delay': FRONT,
  'proxy/idle-cut': SETTINGS,
  'proxy/lifetime-cut': always,
  'proxy/nginx-defaults': FRONT,
  'proxy/nginx-gzip': FRONT,
  'resume/crash-before-commit': always,
  'resume/cut-during-replay': always,
  'resume/empty-id-resets': PUBLISHES,
  'resume/evicted': SETTINGS,
  'resume/handoff-race': PUBLISHES,
  'resume/hostile-id': MANY,
  'resume/id-only-checkpoint': PUBLISHES,
  'resume/inside-buffer': always,
  'resume/non-ascii-id': PUBLISHES,
  'resume/phantom-resend': ({ keptAlive }) =>
    keptAlive ? null : 'needs a server that keeps a connection for the next request',
  'resume/reload-page': CLIENT,
  'resume/restart-process': always,
  'resume/unknown-id': PUBLISHES,
  'security/cors': SETTINGS,
  'security/cross-tenant-resume': SETTINGS,
  'security/injection': PUBLISHES,
  'security/slowloris': MANY,
  'security/token-expiry': SETTINGS,
};

/** Capabilities that a server which is tried may turn out to have: lacking them is a result and no reason to skip. */
const TRIED: readonly Capability[] = ['replay', 'heartbeat', 'detects-loss'];

/** Why a scenario is not played against a server of which only the network is ours; `null` when it is. */
export function whySkipped(
  scenario: Pick<Scenario, 'id' | 'needs'>,
  look: Look,
  client: ReadonlySet<Capability>,
): string | null {
  const missing = scenario.needs.filter((need) => !client.has(need) && !TRIED.includes(need));
  const reach = REACH[scenario.id] ?? 'nobody has said what it asks of a server';
  if (typeof reach === 'string') return reach;
  if (missing.length > 0) return `needs a client with ${missing.join(', ')}`;
  if (look.named === 0 && scenario.needs.some((need) => need === 'resume' || need === 'dedupe')) {
    return 'needs ids: no event of this server has one';
  }
  return reach(look);
}

/** Ids that the table knows, for the test that it is the catalogue's. */
export const reachedIds: readonly string[] = Object.keys(REACH);
