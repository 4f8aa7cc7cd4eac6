import type { Announced } from '../../history/types.ts';
import { type Account, accountOf, type Claim } from '../owed.ts';
import { fail, notApplied, pass, plural } from '../results.ts';
import type { Checker, Expectation, Records } from '../types.ts';
import { type StreamView, subscriptions, viewOf } from '../view.ts';

interface Offence {
  readonly text: string;
  readonly records: Records;
}

/** Announcements of loss are exact, made once, and only where the guarantee knows losses. */
export const announcedLoss: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const offences: Offence[] = [];
  let announcements = 0;
  let missed = 0;
  for (const [subject, stream] of subscriptions(view)) {
    const account = accountOf(view, subject, stream, expectation);
    const claims = account.announcements;
    announcements += claims.length;
    // Publications that were never acknowledged may have got a place in the log all the same.
    const unacknowledged = countUnacknowledged(view.records, stream.name);
    for (const claim of claims) {
      missed += claim.record.missed ?? 0;
      const lost = lostWithin(claim, account, stream);
      if (!isExact(claim.record, lost.length, unacknowledged)) {
        offences.push({
          text: `${subject.name} was told ${claim.record.missed} lost, but ${lost.length} were`,
          records: [claim.record, ...lost.slice(0, 8)],
        });
      }
    }
    offences.push(...repeated(claims, subject.name));
    offences.push(...againstExpectation(claims, subject.name, expectation));
  }
  const counts = { announcements, missed, offences: offences.length };
  if (offences.length > 0) {
    return fail(
      offences[0]?.text ?? '',
      offences.flatMap((each) => each.records),
      counts,
    );
  }
  if (announcements === 0) return notApplied('no loss announced', counts);
  return pass(`${plural(announcements, 'announcement')} of loss, exact`, counts);
};

function lostWithin(claim: Claim, account: Account, stream: StreamView): Records {
  return stream.events.filter((_, i) => i >= claim.first && i <= claim.last && !account.handled.has(i));
}

function isExact(record: Announced, lost: number, unacknowledged: number): boolean {
  if (record.missed === null) return true;
  return record.missed >= lost && record.missed <= lost + unacknowledged;
}

function countUnacknowledged(records: Records, stream: string): number {
  let open = 0;
  let attempted = false;
  for (const record of records) {
    if (record.kind === 'publishing' && record.stream === stream) {
      attempted = true;
      open++;
    } else if (record.kind === 'produced' && record.stream === stream) open--;
  }
  return attempted ? Math.max(0, open) : 0;
}

function repeated(claims: readonly Claim[], subject: string): readonly Offence[] {
  const seen = new Map<string, Announced>();
  const offences: Offence[] = [];
  for (const { record, first, last } of claims) {
    if (last < first) continue;
    // The server's word and the client's own proof may name the same loss; the same party twice is a repetition.
    const key = `${record.what} ${first} ${last}`;
    const before = seen.get(key);
    if (before) {
      offences.push({ text: `${subject} was told of the same loss twice`, records: [before, record] });
    } else seen.set(key, record);
  }
  return offences;
}

function againstExpectation(
  claims: readonly Claim[],
  subject: string,
  expectation: Expectation,
): readonly Offence[] {
  const asked = expectation.announced;
  const records = claims.map((claim) => claim.record);
  if (!asked) {
    if (expectation.guarantee === 'announced-loss' || expectation.guarantee === 'at-most-once') return [];
    const admitted = records.filter((record) => record.missed !== 0);
    if (admitted.length === 0) return [];
    return [{ text: `${subject} lost events although the guarantee allows none`, records: admitted }];
  }
  const offences: Offence[] = [];
  const atLeast = asked.atLeast ?? 1;
  if (records.length < atLeast) {
    offences.push({
      text: `${subject} made ${plural(records.length, 'announcement')}, expected at least ${atLeast}`,
      records,
    });
  }
  if (asked.missed !== undefined && records.length > 0) {
    const unknown = records.some((record) => record.missed === null);
    const total = unknown ? null : records.reduce((sum, record) => sum + (record.missed ?? 0), 0);
    if (total !== asked.missed) {
      offences.push({ text: `${subject} announced ${total} lost, expected ${asked.missed}`, records });
    }
  }
  const { reasons } = asked;
  const wrong = reasons ? records.filter((record) => !reasons.includes(record.reason)) : [];
  if (wrong.length > 0) {
    offences.push({
      text: `${subject} gave the reason "${wrong[0]?.reason}", expected ${reasons?.join(' or ')}`,
      records: wrong,
    });
  }
  return offences;
}
