import type { ByteSource, Transport, TransportRequest } from '../../../kit/client/transport.ts';
import type { Position, ReplayLog } from '../../../kit/server/index.ts';
import type { CheckName } from '../../oracle/types.ts';
import type { Tampering } from '../run.ts';

/** Schedules of this seed find the bugs. */
export const SEED = 3;

/** A deliberate bug, planted through options and ports, and the check that has to find it. */
export interface Bug {
  readonly what: string;
  /** The first schedule of `SEED` that finds it. */
  readonly number: number;
  readonly check: CheckName;
  readonly tampering: Tampering;
}

/** Bugs of clients, servers and proxies as they are seen in the wild. */
export const bugs: readonly Bug[] = [
  {
    what: 'the cursor store forgets',
    number: 3,
    check: 'unresumed',
    tampering: {
      client: (options) =>
        options.store ? { ...options, store: { ...options.store, load: () => null } } : options,
    },
  },
  {
    what: 'the cursor is committed before the handler has finished',
    number: 36,
    check: 'loss',
    tampering: {
      client: ({ onEvent, ...options }) => ({ ...options, onEvent: (event) => void onEvent?.(event) }),
    },
  },
  {
    what: 'no cursor is sent',
    number: 0,
    check: 'unresumed',
    tampering: onRequest((request) => {
      const { 'last-event-id': _, ...headers } = request.headers;
      return { ...request, url: request.url.replace(/\?.*/, ''), headers };
    }),
  },
  {
    what: 'positions are not compared, and a proxy duplicates',
    number: 0,
    check: 'duplicates',
    tampering: {
      client: (options) => ({ ...options, order: { by: 'none' }, dedupe: { size: 1, ttlMs: 1 } }),
    },
  },
  {
    what: 'positions are not compared, and a proxy swaps',
    number: 0,
    check: 'order',
    tampering: { client: (options) => ({ ...options, order: { by: 'none' } }) },
  },
  {
    what: 'silence is never noticed',
    number: 3,
    check: 'silence',
    tampering: {
      client: (options) => ({ ...options, liveness: { timeoutMs: 10_000_000, firstByteMs: 10_000_000 } }),
    },
  },
  {
    what: 'every pause is alarming',
    number: 1,
    check: 'alarm',
    tampering: { client: (options) => ({ ...options, liveness: { timeoutMs: 700, graceMs: 0 } }) },
  },
  {
    what: 'it reconnects in a hot loop',
    number: 3,
    check: 'hot-loop',
    tampering: {
      client: (options) => ({ ...options, retry: { baseMs: 15, maxMs: 30, maxRetryAfterMs: 1 } }),
      server: (options) => ({ ...options, retryMs: 0 }),
    },
  },
  {
    what: 'it waits for ever longer',
    number: 3,
    check: 'heal',
    tampering: {
      client: (options) => ({ ...options, retry: { baseMs: 60_000, maxMs: 120_000, jitter: 'equal' } }),
    },
  },
  {
    what: 'it gives up at the first failure',
    number: 0,
    check: 'give-up',
    tampering: { client: (options) => ({ ...options, retry: { maxAttempts: 1 } }) },
  },
  {
    what: 'bytes are decoded chunk by chunk',
    number: 2,
    check: 'corruption',
    tampering: {
      client: (options) => ({
        ...options,
        ports: { ...options.ports, decoder: () => ({ write: (bytes) => Buffer.from(bytes).toString() }) },
      }),
    },
  },
  {
    what: 'an event that was cut is handed over',
    number: 14,
    check: 'corruption',
    tampering: onBody((body) => {
      let over = false;
      return {
        async read() {
          if (over) return null;
          const bytes = await Promise.resolve(body.read()).catch(() => null);
          over = bytes === null;
          return bytes ?? Buffer.from('\n\n');
        },
      };
    }),
  },
  {
    what: 'a connection that is given up is not closed',
    number: 0,
    check: 'leaks',
    tampering: onRequest((request) => ({ ...request, signal: new AbortController().signal })),
  },
  {
    what: 'the server leaves out the first of several events',
    number: 1,
    check: 'wire-holes',
    tampering: onLog((log) => ({
      ...log,
      read: (after, limit) => log.read(isBehind(after, log) ? moved(after, 1) : after, limit),
    })),
  },
  {
    what: 'the server begins a replay one event too early',
    number: 9,
    check: 'resume',
    tampering: onLog((log) => {
      let once = true;
      return {
        ...log,
        read(after, limit) {
          const early = once && after.seq > 0 && isBehind(after, log);
          if (early) once = false;
          return log.read(early ? moved(after, -1) : after, limit);
        },
      };
    }),
  },
  {
    what: 'heartbeats name a position that was not published',
    number: 1,
    check: 'wire-holes',
    tampering: onText((text) =>
      text.replace(/^: hb (\S+)\.(\d+)/gm, (_, epoch, seq) => `: hb ${epoch}.${+seq + 1}`),
    ),
  },
  {
    what: 'a lost log is not announced',
    number: 40,
    check: 'loss',
    tampering: onText((text) =>
      text
        .replace(/event: stream.cannot-resume\n(?:.+\n)+\n/g, '')
        .replaceAll('"resume":"gap"', '"resume":"fresh"'),
    ),
  },
  {
    what: 'the announced loss is one too large',
    number: 7,
    check: 'announced-loss',
    tampering: onText((text) => text.replace(/"missed":(\d+)/g, (_, missed) => `"missed":${+missed + 1}`)),
  },
  {
    what: 'the log gives a position twice',
    number: 0,
    check: 'corruption',
    tampering: onLog((log) => {
      let forgets = true;
      return {
        ...log,
        append(draft) {
          if (!forgets) return log.append(draft);
          forgets = false;
          const { epoch, head } = log.bounds();
          return { epoch, seq: head + 1 };
        },
      };
    }),
  },
];

function onTransport(change: (transport: Transport) => Transport): Tampering {
  return {
    client({ ports = {}, ...options }) {
      const { transport } = ports;
      return { ...options, ports: { ...ports, ...(transport ? { transport: change(transport) } : {}) } };
    },
  };
}

function onRequest(change: (request: TransportRequest) => TransportRequest): Tampering {
  return onTransport((transport) => (request) => transport(change(request)));
}

function onBody(change: (body: ByteSource) => ByteSource): Tampering {
  return onTransport((transport) => async (request) => {
    const response = await transport(request);
    return { ...response, body: response.body && change(response.body) };
  });
}

function onText(frames: (text: string) => string): Tampering {
  return { frames };
}

function onLog(change: (log: ReplayLog) => ReplayLog): Tampering {
  return { server: ({ log, ...options }) => ({ ...options, ...(log ? { log: change(plain(log)) } : {}) }) };
}

/** A log whose methods can be taken one by one. */
function plain(log: ReplayLog): ReplayLog {
  return {
    open: (host) => log.open(host),
    bounds: () => log.bounds(),
    append: (draft) => log.append(draft),
    read: (after, limit) => log.read(after, limit),
    refresh: () => log.refresh(),
    end: () => log.end(),
    close: () => log.close(),
  };
}

/** Whether several events follow. */
function isBehind({ epoch, seq }: Position, log: ReplayLog): boolean {
  const bounds = log.bounds();
  return epoch === bounds.epoch && bounds.head - seq > 1 && seq >= bounds.oldest;
}

function moved({ epoch, seq }: Position, by: number): Position {
  return { epoch, seq: seq + by };
}
