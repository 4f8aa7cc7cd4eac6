import type { ClientFact } from '../client/facts.ts';
import type { ServerFact } from '../server/facts.ts';

const of = { atMs: 1_700_000_000_000, stream: 'orders' };
const on = { ...of, connection: 'c-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };

/** One of each fact that a server emits. */
export const SERVER_FACTS: { readonly [Kind in ServerFact['kind']]: Extract<ServerFact, { kind: Kind }> } = {
  'connection-opened': { ...on, kind: 'connection-opened', resume: 'ok', requested: 'epoch123.4', behind: 3 },
  'connection-closed': {
    ...on,
    kind: 'connection-closed',
    reason: 'client-gone',
    durationMs: 4_000,
    events: 9,
    bytes: 900,
  },
  'connection-rejected': {
    ...of,
    kind: 'connection-rejected',
    reason: 'limit-total',
    status: 503,
    retryAfterSeconds: 3,
  },
  'connection-stalled': { ...on, kind: 'connection-stalled', stalledMs: 30_000, behind: 77 },
  published: { ...of, kind: 'published', id: 'epoch123.5', seq: 5, type: 'tick', bytes: 20, durationMs: 2 },
  'publish-failed': { ...of, kind: 'publish-failed', type: 'tick', code: 'ERR_EVENT_TOO_LARGE' },
  delivered: {
    ...of,
    kind: 'delivered',
    path: 'live',
    connections: 10,
    events: 3,
    epoch: 'epoch123',
    firstSeq: 5,
    lastSeq: 7,
    bytes: 300,
    lagMs: 40,
  },
  heartbeats: { ...of, kind: 'heartbeats', connections: 10, bytes: 400 },
  replayed: { ...on, kind: 'replayed', result: 'complete', events: 3, durationMs: 12 },
  'cannot-resume': {
    ...on,
    kind: 'cannot-resume',
    reason: 'expired',
    requested: 'epoch123.1',
    from: 'epoch123.4',
    missed: 3,
  },
  'drain-started': { ...of, kind: 'drain-started', connections: 50, withinMs: 10_000, returnWindowMs: 5_000 },
  'drain-progress': { ...of, kind: 'drain-progress', remaining: 20, total: 50 },
  'drain-finished': { ...of, kind: 'drain-finished', durationMs: 9_000, cut: 2 },
  'stream-created': { ...of, kind: 'stream-created' },
  'stream-ended': { ...of, kind: 'stream-ended' },
  'stream-evicted': { ...of, kind: 'stream-evicted', idleMs: 60_000 },
  'epoch-changed': { ...of, kind: 'epoch-changed', from: 'epoch123', to: 'epoch456' },
  'log-failed': { ...of, kind: 'log-failed', code: 'ERR_LOG_UNAVAILABLE', message: 'no Redis' },
};

const ids = { at: 1_700_000_000_000, stream: 'orders', connection: 'c-1', trace: 'a'.repeat(32) };
const event = {
  type: 'tick',
  data: { n: 1 },
  id: 'epoch123.5',
  position: { epoch: 'epoch123', seq: 5 },
  envelope: null,
  raw: '{"n":1,"secretPayload":true}',
  publishedAt: 1_700_000_000_000 - 250,
  url: 'http://localhost/stream',
  attempt: 1,
  redelivery: true,
};
const failure = { cause: 'network' as const, message: 'fetch failed', error: new TypeError('fetch failed') };

/** One of each fact that a client emits, in an order that a client could have lived through. */
export const CLIENT_FACTS: readonly ClientFact[] = [
  { ...ids, kind: 'state', from: 'idle', to: 'connecting', cause: 'start' },
  { ...ids, kind: 'attempt', attempt: 1, cursor: null },
  { ...ids, kind: 'disconnect', failure, openMs: 0 },
  { ...ids, kind: 'retry', attempt: 2, delayMs: 100, floorMs: 0, cause: 'network' },
  {
    ...ids,
    kind: 'open',
    attempt: 2,
    status: 200,
    url: 'http://localhost/stream?token=abc',
    cursor: null,
    server: null,
    downtimeMs: null,
  },
  { ...ids, kind: 'disconnect', failure: { ...failure, cause: 'eof' }, openMs: 900 },
  {
    ...ids,
    kind: 'open',
    attempt: 3,
    status: 200,
    url: 'http://localhost/stream',
    cursor: 'epoch123.4',
    server: null,
    downtimeMs: 1_500,
  },
  { ...ids, kind: 'received', id: 'epoch123.5', type: 'tick', raw: event.raw },
  { ...ids, at: ids.at + 2_000, kind: 'processed', event, handlerMs: 5, publishedAt: ids.at + 1_750 },
  { ...ids, kind: 'duplicate', id: 'epoch123.5', type: 'tick' },
  { ...ids, kind: 'out-of-order', id: 'epoch123.4', type: 'tick', action: 'dropped', announced: true },
  { ...ids, kind: 'gap', reason: 'hole', after: 'epoch123.5', from: 'epoch123.7', missed: 2 },
  { ...ids, kind: 'liveness', cause: 'no-bytes', silentMs: 20_000 },
  {
    ...ids,
    kind: 'cannot-resume',
    reason: 'expired',
    requested: 'epoch123.1',
    from: 'epoch123.4',
    missed: 3,
  },
  { ...ids, kind: 'heartbeat', head: 'epoch123.9', lagEvents: 4, serverUnixMs: ids.at },
  { ...ids, kind: 'control', frame: { type: 'stream.end', body: {} } },
  { ...ids, kind: 'handler-failed', event, attempt: 1, error: new Error('boom') },
  { ...ids, kind: 'dead-letter', reason: 'handler', event, error: new Error('boom') },
  { ...ids, kind: 'error', code: 'ERR_TOO_LARGE', message: 'too large', error: new Error('too large') },
  { ...ids, kind: 'give-up', why: 'attempts', failure, attempts: [] },
  { ...ids, kind: 'closed', reason: { type: 'complete' } },
];
