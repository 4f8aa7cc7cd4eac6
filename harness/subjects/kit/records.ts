import type { CloseReason } from '../../../kit/client/core/state.ts';
import type { ClientFact } from '../../../kit/client/facts.ts';
import { digestData } from '../../history/digest.ts';
import type { HistoryRecord } from '../../history/types.ts';

/**
 * What a fact of the kit's client says in the language of the history; `null` for facts that say nothing to the
 * oracle. `processed` is not among them: the agent writes that one itself, at the end of its own handler, so that the
 * kit cannot vouch for itself.
 */
export function recordOf(fact: ClientFact, subject: string, at: number): HistoryRecord | null {
  const { stream, connection } = fact;
  switch (fact.kind) {
    case 'state':
      return { at, kind: 'state', subject, state: fact.to, cause: fact.cause };
    case 'open':
      return {
        at,
        kind: 'open',
        subject,
        stream,
        connection,
        attempt: fact.attempt,
        status: fact.status,
        lastEventId: fact.cursor,
        ...(fact.server ? { resume: fact.server.resume, cursor: primed(fact.server, fact.cursor) } : {}),
      };
    case 'disconnect':
      return { at, kind: 'close', subject, stream, connection, cause: fact.failure.cause };
    case 'closed':
      return { at, kind: 'close', subject, stream, connection, cause: closeCause(fact.reason), final: true };
    case 'retry':
      return { at, kind: 'retry', subject, attempt: fact.attempt, delayMs: fact.delayMs, cause: fact.cause };
    case 'give-up':
      return { at, kind: 'give-up', subject, reason: fact.why };
    case 'heartbeat':
      return { at, kind: 'heartbeat', subject, stream, head: fact.head };
    case 'received':
      return {
        at,
        kind: 'delivered',
        subject,
        stream,
        id: fact.id ?? '',
        type: fact.type,
        digest: digestData(fact.raw),
      };
    case 'duplicate':
      return { at, kind: 'deduped', subject, stream, id: fact.id };
    case 'error':
      // Beside the `deduped` of the same event: what the client says of it.
      return fact.code === 'ERR_ID_REUSED' ? { at, kind: 'note', text: `${subject}: ${fact.message}` } : null;
    case 'out-of-order':
      return {
        at,
        kind: 'out-of-order',
        subject,
        stream,
        id: fact.id ?? '',
        policy: ({ buffered: 'buffer', delivered: 'deliver', dropped: 'drop' } as const)[fact.action],
      };
    case 'gap':
      return {
        at,
        kind: 'announced',
        subject,
        stream,
        what: 'gap',
        reason: fact.reason,
        missed: fact.missed,
        after: fact.after,
        from: fact.from,
      };
    case 'cannot-resume':
      return {
        at,
        kind: 'announced',
        subject,
        stream,
        what: 'cannot-resume',
        reason: fact.reason,
        missed: fact.missed,
        after: fact.requested,
        from: fact.from,
      };
    case 'liveness':
      return { at, kind: 'liveness', subject, cause: fact.cause, silentMs: fact.silentMs };
    case 'dead-letter':
      return {
        at,
        kind: 'dead-letter',
        subject,
        stream,
        id: fact.event?.id ?? '',
        reason: fact.reason,
      };
    default:
      return null;
  }
}

function closeCause(reason: CloseReason): string {
  switch (reason.type) {
    case 'closed':
      return reason.cause;
    case 'gave-up':
      return `gave up: ${reason.why}`;
    default:
      return reason.type;
  }
}

/** The cursor that `stream.open` set: the head for a fresh subscription, else what was asked for. */
function primed(
  open: { readonly resume: string; readonly epoch: string; readonly head: number },
  requested: string | null,
): string | null {
  return open.resume === 'fresh' ? `${open.epoch}.${open.head}` : requested;
}
