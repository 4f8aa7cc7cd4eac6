import { quote, SseKitError } from '../../protocol/errors.ts';
import { filled } from '../config.ts';
import { browserPorts, connectWith, type StreamHandle } from '../connect.ts';
import type { ClientFact } from '../facts.ts';
import type { ConnectOptions, EventMap, PerAttempt } from '../options.ts';
import { absoluteUrl } from '../url.ts';
import { SharedStreamError } from './member.ts';
import { createPeer, type TabRole } from './peer.ts';
import { browserTabPorts, type TabPorts } from './ports.ts';
import { openUpstream, splitOptions } from './upstream.ts';

/** How tabs share. Times in milliseconds. */
export interface ShareOptions {
  /**
   * What is shared: tabs that name the same share one connection. Default: the option `name`, else the URL. Where
   * tabs of one origin may belong to different users, the user has to be part of it.
   */
  readonly name?: string;
  /** How long a leader may take to answer before the lead is taken from it. Default 5,000. */
  readonly leaderTimeoutMs?: number;
  /** Silence of the leader after which it is asked whether it is there. Default 10,000. */
  readonly pingMs?: number;
  /** How long a new leader collects the cursors of the others before it connects. Default 30. */
  readonly gatherMs?: number;
  /** Events the leader remembers for tabs that come late. Default 1,000. */
  readonly ringEvents?: number;
  /** Characters of payload it remembers. Default 4 Mi. */
  readonly ringBytes?: number;
  /** Bytes that may wait in a tab for a slow handler; beyond, they are asked for again. Default 4 MiB. */
  readonly bufferBytes?: number;
  /** Gets the facts of the real connection, in the tab that has it. */
  readonly onUpstream?: (fact: ClientFact) => void;
  readonly onRole?: (role: TabRole) => void;
  /** Locks do not work here: this tab connects by itself. Default: `console.warn`. */
  readonly onUnavailable?: (error: unknown) => void;
  /** Replaces Web Locks and BroadcastChannel. `null`: do not share. */
  readonly ports?: TabPorts | null;
}

/** Options of `connectShared`: those of `connect`, and `share`. */
export interface SharedConnectOptions<Events extends EventMap = EventMap> extends ConnectOptions<Events> {
  readonly share?: ShareOptions;
}

/** A handle that knows the part its tab plays. */
export interface SharedHandle<Events extends EventMap = EventMap> extends StreamHandle<Events> {
  readonly role: TabRole;
}

/** See `ShareOptions`. */
const DEFAULTS = {
  leaderTimeoutMs: 5000,
  pingMs: 10_000,
  gatherMs: 30,
  ringEvents: 1000,
  ringBytes: 1 << 22,
  bufferBytes: 1 << 22,
};

/** No deadline: the real connection has its own. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * `connect` with one connection for all tabs of the origin that ask for the same stream. The tab that holds a Web Lock
 * has the connection and passes on what comes; when it goes, is frozen or does not answer, another takes over and goes
 * on from the tab that is furthest behind, so that no tab misses or repeats an event. Every tab keeps its own cursor,
 * handlers, order, dedupe and store.
 *
 * Options of the request, of retry and of liveness apply in the tab that has the connection. What a tab's own
 * callbacks say of retries and attempts is about its place at the shared connection; `share.onUpstream` sees the rest.
 * Without Web Locks (a page that is not secure) each tab connects by itself.
 * @throws SseKitError `ERR_INVALID_OPTION`: as `connect`, also for `share`; a function as URL, or a body, without a name
 * to share by.
 */
export function connectShared<Events extends EventMap = EventMap>(
  url: PerAttempt<string | URL>,
  options: SharedConnectOptions<Events> = {},
): SharedHandle<Events> {
  const { share = {}, ...plain } = options;
  const { ringEvents, ringBytes, ...bounds } = filled('share.', DEFAULTS, share, [
    'gatherMs',
    'ringEvents',
    'ringBytes',
  ]);
  const tabs = share.ports === undefined ? browserTabPorts() : share.ports;
  if (!tabs) return withRole(connectWith<Events>(browserPorts, url, plain), () => 'alone');

  const { request, tab } = splitOptions(plain as ConnectOptions);
  const key = share.name ?? options.name ?? keyOf(url, request);
  const name = options.name ?? key.replace(/[?#].*$/s, '');
  const ports = { ...browserPorts(), ...options.ports };
  const peer = createPeer({
    tabs,
    key,
    clock: ports.clock,
    self: Array.from({ length: 4 }, () => Math.floor(ports.random() * 2 ** 32).toString(36)).join(''),
    openUpstream: (cursor, sink) =>
      openUpstream({ url, request, ports, name, observe: share.onUpstream }, cursor, sink),
    ...bounds,
    ring: { events: ringEvents, bytes: ringBytes },
    onRole: (role) => share.onRole?.(role),
    onError: share.onUnavailable ?? ((error) => console.warn('no tab sharing:', error)),
  });
  const handle = connectWith<EventMap>(() => ports, typeof url === 'function' ? key : url, {
    ...tab,
    name,
    connectTimeoutMs: NEVER_MS,
    // A request to the leader costs nothing: how often the server is asked is decided on the real connection.
    retry: {
      baseMs: 20,
      maxMs: 200,
      decide: ({ error }) =>
        error instanceof SharedStreamError ? (error.failure ? 'final' : 'complete') : 'retry',
    },
    ports: { ...ports, transport: peer.transport },
    onClose(fact) {
      peer.leave();
      options.onClose?.(fact);
    },
  });
  return withRole(handle as unknown as StreamHandle<Events>, peer.role);
}

function withRole<Events extends EventMap>(
  handle: StreamHandle<Events>,
  role: () => TabRole,
): SharedHandle<Events> {
  return Object.defineProperty(handle, 'role', { get: role, enumerable: true }) as SharedHandle<Events>;
}

function keyOf(url: PerAttempt<string | URL>, request: ConnectOptions): string {
  if (typeof url === 'function' || request.body != null) {
    const what = typeof url === 'function' ? 'a function as URL' : 'a request with a body';
    throw new SseKitError('ERR_INVALID_OPTION', `option share.name is needed to share ${what}`);
  }
  try {
    return absoluteUrl(url).href.replace(/#.*$/s, '');
  } catch (cause) {
    throw new SseKitError('ERR_INVALID_OPTION', `option url cannot be parsed: ${quote(String(url))}`, {
      cause,
    });
  }
}
