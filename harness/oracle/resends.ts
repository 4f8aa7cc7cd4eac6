import type { HistoryRecord, Request } from '../history/types.ts';
import type { SubjectView, View } from './view.ts';

/** Firefox makes so many requests of one fetch (`network.http.request.max-attempts`); Chromium makes fewer. */
const MOST_OF_ONE_ATTEMPT = 10;

/**
 * The requests of a subject without those that its HTTP stack sent again by itself: a browser whose connection ends
 * before a byte of the response repeats the request, and its page never hears of it. One is left out only when all of
 * this is on record: the client announced no other attempt since the one before, it asks the same, the connection of
 * the one before had ended unanswered, and the attempt has not been repeated more often than any browser does.
 */
export function withoutResends(view: View, subject: SubjectView): readonly Request[] {
  const starts = subject.records.filter((r) => r.kind === 'state' && r.state === 'connecting');
  const kept: Request[] = [];
  let before: Request | undefined;
  let attempt: HistoryRecord | undefined;
  let sent = 0;
  for (const request of subject.requests) {
    const own = starts.findLast((start) => start.at <= request.at + view.slackMs);
    const repeats =
      own !== undefined &&
      own === attempt &&
      before !== undefined &&
      asksTheSame(before, request) &&
      endedUnanswered(view, before, request.at);
    sent = repeats ? sent + 1 : 1;
    if (!repeats || sent > MOST_OF_ONE_ATTEMPT) kept.push(request);
    before = request;
    attempt = own;
  }
  return kept;
}

function asksTheSame(a: Request, b: Request): boolean {
  return a.method === b.method && a.url === b.url && a.lastEventId === b.lastEventId;
}

function endedUnanswered(view: View, request: Request, until: number): boolean {
  let ended = false;
  for (const record of view.records) {
    if (record.at < request.at) continue;
    if (record.at > until) break;
    if (record.kind !== 'wire' || record.connection !== request.connection || record.direction !== 'down') {
      continue;
    }
    if (record.event === 'bytes') return false;
    ended = true;
  }
  return ended;
}
