import type { ClientFact } from '../client/facts.ts';
import type { ServerFact } from '../server/facts.ts';
import { redact } from './redact.ts';

/** The part of a logger that is used. pino fits as it is; for the console see `consoleLogger`. */
export interface FactLogger {
  debug(detail: object, message: string): void;
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

/** What of the facts is logged. */
export interface LogFactsOptions {
  /** Also what happens for each event, batch and heartbeat, at level debug; default false. */
  readonly perEvent?: boolean;
}

type Level = 'debug' | 'info' | 'warn' | 'error' | 'per-event';

const SERVER_LEVELS: Readonly<Record<ServerFact['kind'], Level>> = {
  'connection-opened': 'info',
  'connection-closed': 'info',
  'connection-rejected': 'warn',
  'connection-stalled': 'warn',
  published: 'per-event',
  'publish-failed': 'warn',
  delivered: 'per-event',
  heartbeats: 'per-event',
  replayed: 'info',
  'cannot-resume': 'warn',
  'drain-started': 'info',
  'drain-progress': 'debug',
  'drain-finished': 'info',
  'stream-created': 'info',
  'stream-ended': 'info',
  'stream-evicted': 'info',
  'epoch-changed': 'error',
  'log-failed': 'error',
};

const CLIENT_LEVELS: Readonly<Record<ClientFact['kind'], Level>> = {
  state: 'debug',
  attempt: 'debug',
  open: 'info',
  disconnect: 'warn',
  error: 'error',
  retry: 'info',
  'give-up': 'error',
  heartbeat: 'per-event',
  control: 'debug',
  received: 'per-event',
  processed: 'per-event',
  duplicate: 'debug',
  'out-of-order': 'warn',
  gap: 'warn',
  liveness: 'warn',
  'cannot-resume': 'warn',
  'dead-letter': 'error',
  'handler-failed': 'warn',
  closed: 'info',
};

/**
 * Logs what a server notices, one line per fact, with `stream`, `connection` and `traceId` as the client logs them.
 * Credentials in URLs, headers and errors are hidden. Events themselves are never logged.
 */
export function logServerFacts(
  logger: FactLogger,
  options: LogFactsOptions = {},
): (fact: ServerFact) => void {
  return (fact) => {
    const { kind, ...detail } = fact;
    const { traceparent, ...rest } = { traceparent: undefined, ...detail };
    const traceId = traceIdOf(traceparent);
    write(logger, SERVER_LEVELS[kind], options, kind, { ...rest, ...(traceId ? { traceId } : {}) });
  };
}

/** Logs what a client notices; see `logServerFacts`. Works in browsers with `consoleLogger()`. */
export function logClientFacts(
  logger: FactLogger,
  options: LogFactsOptions = {},
): (fact: ClientFact) => void {
  return (fact) => {
    const { kind, trace: traceId, at: atMs, ...detail } = withoutPayload(fact);
    write(logger, CLIENT_LEVELS[kind], options, kind, { ...detail, atMs, traceId });
  };
}

/** A logger for the console, of a browser or of Node: the message first, then the detail as an object. */
export function consoleLogger(
  target: Pick<Console, 'debug' | 'info' | 'warn' | 'error'> = console,
): FactLogger {
  return {
    debug: (detail, message) => target.debug(message, detail),
    info: (detail, message) => target.info(message, detail),
    warn: (detail, message) => target.warn(message, detail),
    error: (detail, message) => target.error(message, detail),
  };
}

function write(
  logger: FactLogger,
  level: Level,
  options: LogFactsOptions,
  kind: string,
  detail: object,
): void {
  if (level === 'per-event' && !options.perEvent) return;
  const cleaned = redact({ fact: kind, ...detail }) as object;
  logger[level === 'per-event' ? 'debug' : level](cleaned, `sse ${kind}`);
}

/** Payloads may hold anything and be of any size: a line names the event, it does not quote it. */
function withoutPayload(
  fact: ClientFact,
): Record<string, unknown> & Pick<ClientFact, 'kind' | 'trace' | 'at'> {
  switch (fact.kind) {
    case 'received': {
      const { raw, ...rest } = fact;
      return { ...rest, bytes: raw.length };
    }
    case 'control':
      return { ...fact, frame: fact.frame.type };
    case 'processed':
    case 'handler-failed':
    case 'dead-letter': {
      const { event, ...rest } = fact;
      return { ...rest, event: event ? { id: event.id, type: event.type } : null };
    }
    default:
      return { ...fact };
  }
}

function traceIdOf(traceparent: string | undefined): string | null {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? '')?.[1] ?? null;
}
