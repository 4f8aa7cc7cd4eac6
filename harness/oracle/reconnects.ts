import type { HistoryRecord, Open, Request } from '../history/types.ts';
import { type CursorMove, cursorTrail } from './cursors.ts';
import { isLive, type StreamView, type SubjectView, streamOf, type View } from './view.ts';

/** A request of a subject that is not its first on the stream. */
export interface Reconnect {
  readonly record: Request | Open;
  /** Cursor sent by header or query; `null` for none (an empty header is none). */
  readonly sent: string | null;
  /**
   * Cursors that a correct client may have sent: held when the connection ended, or committed until the request was
   * seen, because a handler may finish while the client is already reconnecting.
   */
  readonly allowed: readonly CursorMove[];
  /** The response to this request, if any, opened in this time. */
  readonly notBefore: number;
  readonly until: number;
  /** The last commit before the request and the close that led to it. */
  readonly context: readonly HistoryRecord[];
}

// Two checks ask for the same reconnects; subjects and streams belong to one view.
const known = new WeakMap<SubjectView, Map<StreamView, readonly Reconnect[]>>();

/** The reconnects of a subject on a stream. Requests as the server saw them; without those, the client's own opens. */
export function reconnectsOf(view: View, subject: SubjectView, stream: StreamView): readonly Reconnect[] {
  let byStream = known.get(subject);
  if (!byStream) {
    byStream = new Map();
    known.set(subject, byStream);
  }
  let reconnects = byStream.get(stream);
  if (!reconnects) {
    reconnects = findReconnects(view, subject, stream);
    byStream.set(stream, reconnects);
  }
  return reconnects;
}

function findReconnects(view: View, subject: SubjectView, stream: StreamView): readonly Reconnect[] {
  const seen: readonly (Request | Open)[] =
    subject.requests.length > 0
      ? subject.requests
      : subject.records.filter((r): r is Open => r.kind === 'open' && r.lastEventId !== undefined);
  const own = seen.filter((request) => streamOf(request, subject) === stream.name);
  const trail = cursorTrail(subject, stream);
  return own.slice(1).map((record, i) => {
    const before = own[i] ?? record;
    const until = own[i + 2]?.at ?? Number.POSITIVE_INFINITY;
    const close = lastBefore(subject, record.at + view.slackMs, (r) => r.kind === 'close');
    const opened = lastBefore(subject, record.at - view.slackMs, (r) => r.kind === 'open' && isLive(r));
    // A request without a close since the last open is one that the browser repeated by itself.
    const ended = close && (!opened || close.at >= opened.at) ? close.at : null;
    const since = ended ?? before.at;
    // The subject's own clock says that an open before this close is another's answer, however short that one lived; and
    // so is the first since the request before, when it came before this one: a client that is told to connect again does
    // so at once, and closes nothing.
    const answered = subject.records.find((r) => r.kind === 'open' && isLive(r) && r.at >= before.at);
    const slack = answered && answered.at < record.at ? 0 : view.slackMs;
    const notBefore = Math.max(record.at - slack, ended ?? Number.NEGATIVE_INFINITY);
    // What was committed on the connection that this request opened came too late to be sent with it.
    const answer = subject.records.find((r) => r.kind === 'open' && isLive(r) && r.at >= notBefore);
    const commit = lastBefore(subject, record.at, (r) => r.kind === 'processed' || r.kind === 'cursor');
    return {
      record,
      sent: cursorSent(record),
      allowed: trail.between(
        since - view.slackMs,
        Math.min(record.at + view.slackMs, answer?.at ?? Infinity),
      ),
      notBefore,
      until,
      context: [commit, close].filter((r) => r !== undefined),
    };
  });
}

function lastBefore(
  subject: SubjectView,
  at: number,
  is: (record: HistoryRecord) => boolean,
): HistoryRecord | undefined {
  return subject.records.findLast((record) => record.at <= at && is(record));
}

/** The cursor that a request carried, by header or query; `null` for none. */
export function cursorSent(record: Request | Open): string | null {
  if (record.lastEventId) return record.lastEventId;
  if (record.kind === 'open') return null;
  const query = record.url.split('?')[1];
  return (query === undefined ? null : new URLSearchParams(query).get('lastEventId')) || null;
}
