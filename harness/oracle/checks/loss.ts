import type { Produced } from '../../history/types.ts';
import { accountOf, isCovered } from '../owed.ts';
import { fail, notApplied, pass, plural, undecided } from '../results.ts';
import type { Checker } from '../types.ts';
import { subscriptions, viewOf } from '../view.ts';

/**
 * P1: what was published after a subscription began is handled, or its loss is announced. The sentinel is judged by
 * its own check, so that a run that ended early is not mistaken for one that lost its tail.
 */
export const loss: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const silent: Produced[] = [];
  let owed = 0;
  let announced = 0;
  let subjects = 0;
  const worstHit = new Set<string>();
  for (const [subject, stream] of subscriptions(view)) {
    subjects++;
    const account = accountOf(view, subject, stream, expectation);
    for (let index = account.from; index < account.to; index++) {
      const event = stream.events[index];
      if (!event || event.sentinel === true) continue;
      owed++;
      if (account.handled.has(index)) continue;
      if (isCovered(account, index)) announced++;
      else {
        silent.push(event);
        worstHit.add(subject.name);
      }
    }
  }
  const counts = { owed, lost: silent.length, announced };
  if (owed === 0) {
    const why = subjects === 0 ? 'no subject read a stream that produced events' : 'nobody was owed anything';
    if (expectation.nothingOwed !== 'unknown') return notApplied(why, counts);
    return undecided('no event with an id was owed to anybody, so what was lost cannot be known', [], counts);
  }
  if (silent.length === 0) {
    return pass(`${plural(owed, 'owed event')} handled or announced (${announced} announced)`, counts);
  }
  if (expectation.guarantee === 'at-most-once') {
    return pass(`${plural(silent.length, 'event')} lost, which at-most-once allows`, counts);
  }
  const neighbours = view.records.filter(
    (r) => (r.kind === 'close' || r.kind === 'open') && worstHit.has(r.subject),
  );
  return fail(
    `${plural(silent.length, 'event')} of ${owed} lost without a word: ${[...worstHit].join(', ')}`,
    [...silent.slice(0, 16), ...neighbours.slice(0, 8)],
    counts,
  );
};
