import { STREAM_CANNOT_RESUME, STREAM_RESUME_HEADER } from '../../../kit/protocol/index.ts';
import { count, eventsOf, fail, LINKS, pass, seenValue, span, unknown, warn } from '../findings.ts';
import type { Check, Exchange, SeenFrame } from '../types.ts';

export const ids: Check = {
  id: 'ids',
  title: 'Event ids',
  essential: true,
  judge({ stream, resume }) {
    const events = eventsOf(stream);
    if (events.length === 0) return unknown('no event came');
    const bare = events.filter(({ id }) => !id);
    const evidence = events.slice(0, 3).map(({ id }) => (id ? `id: ${seenValue(id)}` : 'no id'));
    const hint = 'Give each event an id of its own, the same for every client and every time.';
    const more = { hint, link: LINKS.spec, evidence };
    if (bare.length === events.length) {
      return fail(
        `none of ${count(events.length, 'event')} has an id: what is missed in between is lost`,
        more,
      );
    }
    const twice = repeated(events);
    if (twice !== null) return fail(`the id ${seenValue(twice)} is given twice on one connection`, more);
    if (bare.length > 0)
      return warn(`${bare.length} of ${count(events.length, 'event')} without an id`, more);
    const { renamed, reused, common } = resume ? compared(events, eventsOf(resume)) : NOTHING_COMMON;
    if (renamed) {
      return fail(
        `not stable: the same event is ${seenValue(renamed[0])} and ${seenValue(renamed[1])}`,
        more,
      );
    }
    if (reused !== null) {
      return warn(`the id ${seenValue(reused)} carries other data on another connection`, more);
    }
    const stable = common > 0 ? 'the same on two connections' : 'on a second connection not seen';
    return pass(`${count(events.length, 'id')}, all different, ${stable}`, { evidence });
  },
};

function repeated(events: readonly SeenFrame[]): string | null {
  const seen = new Set<string>();
  for (const { id } of events) {
    if (id && seen.has(id)) return id;
    if (id) seen.add(id);
  }
  return null;
}

interface Comparison {
  /** Ids of one event on the two connections. */
  readonly renamed: readonly [string, string] | null;
  /** An id with different data. */
  readonly reused: string | null;
  readonly common: number;
}
const NOTHING_COMMON: Comparison = { renamed: null, reused: null, common: 0 };

function compared(first: readonly SeenFrame[], second: readonly SeenFrame[]): Comparison {
  const byId = new Map(first.map((event) => [event.id, event]));
  const byContent = unique(first);
  const again = unique(second);
  let common = 0;
  let reused: string | null = null;
  for (const event of second) {
    const same = byId.get(event.id);
    if (same) common++;
    if (same && same.data !== event.data) reused ??= event.id;
  }
  for (const [content, { id }] of again) {
    const before = byContent.get(content);
    if (before?.id && id && before.id !== id && !byId.has(id)) {
      return { renamed: [before.id, id], reused, common };
    }
  }
  return { renamed: null, reused, common };
}

/** Events by what they say, where nothing else says the same. */
function unique(events: readonly SeenFrame[]): Map<string, SeenFrame> {
  const times = new Map<string, number>();
  const content = ({ type, data }: SeenFrame) => `${type}\n${data}`;
  for (const event of events) times.set(content(event), (times.get(content(event)) ?? 0) + 1);
  return new Map(
    events.filter((event) => times.get(content(event)) === 1).map((event) => [content(event), event]),
  );
}

/** Names that speak of a loss: no reader of other people's protocols, so these are taken for an announcement. */
const LOSS =
  /cannot.?resume|gap|reset|resync|refresh|expired|evicted|trimmed|truncated|missed|lost|unknown.?id/i;

/**
 * Where a response says that it cannot go on from the cursor: in the header of this kit, or in a frame before the first
 * event of a type that comes on the listening connection as well. Such a type is the application's own (`password.reset`).
 */
function announcement({ headers, frames }: Exchange, stream: Exchange): string | null {
  const header = headers[STREAM_RESUME_HEADER] ?? '';
  if (header.startsWith('gap')) return `${STREAM_RESUME_HEADER}: ${seenValue(header)}`;
  const usual = new Set(eventsOf(stream).map(({ type }) => type));
  const first = frames.findIndex(({ kind, type }) => kind === 'event' && usual.has(type));
  const before = first < 0 ? frames : frames.slice(0, first);
  const frame = before.find(({ type, kind }) => kind !== 'heartbeat' && LOSS.test(type));
  return frame ? `event: ${seenValue(frame.type)}` : null;
}

export const resumption: Check = {
  id: 'resume',
  title: 'Resume',
  essential: true,
  judge({ stream, resume }) {
    const all = eventsOf(stream);
    if (all.length === 0) return unknown('no event came to resume after');
    if (!all.some(({ id }) => id)) return unknown('no ids: there is nothing to resume after');
    if (!resume) return unknown('too little came, or too late, to try it');
    const evidence = [
      `Last-Event-ID: ${seenValue(resume.cursor ?? '')}`,
      `status ${resume.status || 'none'}`,
    ];
    const hint =
      'Keep recent events, and answer Last-Event-ID with those after it: without the one it names.';
    const more = { hint, link: LINKS.spec, evidence };
    if (resume.headAt === null) return unknown('the reconnect got no answer', { evidence });
    if (resume.status === 429 || resume.status === 503) {
      return unknown(`the reconnect was refused with ${resume.status}, beside the first connection`, {
        evidence,
      });
    }
    if (resume.status !== 200) {
      return fail(
        `a reconnect with Last-Event-ID gets ${resume.status}: an EventSource closes for good`,
        more,
      );
    }
    const said = announcement(resume, stream);
    if (said !== null) {
      evidence.push(said);
      return warn('the server keeps no events to resume from, and says so', more);
    }
    const at = all.findIndex(({ id }) => id === resume.cursor);
    const place = new Map(all.map(({ id }, index) => [id, index]));
    const got = eventsOf(resume);
    const places = got.flatMap(({ id }) => place.get(id) ?? []);
    evidence.push(`${count(got.length, 'event')} after the reconnect`);
    const old = places.filter((each) => each <= at);
    if (old.includes(at) && Math.min(...old) === at && old.length === 1) {
      return fail('repeats the event that the cursor names', more);
    }
    if (old.length > 0) {
      // What comes first and never came on the first connection is older than all that did.
      const where = (place.get(got[0]?.id ?? null) ?? 0) === 0 ? 'replays from the start' : 'goes back';
      return fail(`${where}: ${count(old.length, 'event')} again that came before the cursor`, more);
    }
    const twice = repeated(got);
    if (twice !== null) return fail(`repeats the event ${seenValue(twice)}`, more);
    if (places.some((each, index) => each < (places[index - 1] ?? -1))) {
      return fail('sends events in another order than before', more);
    }
    return afterwards({ all, at, places, got, resume, more });
  },
};

interface Afterwards {
  readonly all: readonly SeenFrame[];
  /** Index of the event that the cursor names. */
  readonly at: number;
  /** Indices of what came again. */
  readonly places: readonly number[];
  readonly got: readonly SeenFrame[];
  readonly resume: Exchange;
  readonly more: { readonly hint: string; readonly link: string; readonly evidence: readonly string[] };
}

/** Long enough for a replay to begin. */
const PATIENCE_MS = 2000;

/** What has to follow: all that had come on the first connection when the second was made. */
function afterwards({ all, at, places, got, resume, more }: Afterwards) {
  const { evidence } = more;
  const due = all.flatMap((event, index) => (index > at && event.at <= resume.sentAt ? [index] : []));
  if (due.length === 0)
    return unknown('nothing was repeated; nothing had come after the cursor either', { evidence });
  // What came later on the first connection has to be there as well, up to the last that came on both.
  const upTo = Math.max(due.at(-1) ?? at, ...places);
  const had = new Set(places);
  const missing = all.flatMap((event, index) =>
    index > at && index <= upTo && event.id && !had.has(index) ? [event.id] : [],
  );
  if (missing.length === 0) {
    return pass(`exact: ${count(due.length, 'event')} that had to follow, none twice`, { evidence });
  }
  const watched = resume.ending.at - resume.sentAt;
  if (got.length === 0 && watched < PATIENCE_MS) {
    return unknown(`the audit was over ${span(watched)} after the reconnect`, { evidence });
  }
  const reached = Math.max(at, ...places);
  if (places.length > 0 && missing.every((id) => all.findIndex((event) => event.id === id) > reached)) {
    return unknown('the replay was not over when the audit ended it', { evidence });
  }
  const what = missing.length === due.length && got.length > 0 ? 'goes on live' : 'leaves a hole';
  return fail(`${what}: ${count(missing.length, 'event')} after the cursor never came`, {
    ...more,
    evidence: [
      ...evidence,
      `missing: ${missing
        .slice(0, 3)
        .map((id) => seenValue(id))
        .join(', ')}`,
    ],
  });
}

export const gap: Check = {
  id: 'gap',
  title: 'Gap honesty',
  essential: true,
  judge({ stream, unknownId }) {
    const all = eventsOf(stream);
    if (all.length > 0 && !all.some(({ id }) => id))
      return unknown('no ids: every reconnect is a silent gap');
    if (!unknownId) return unknown('there was no time to ask');
    const evidence = [
      `Last-Event-ID: ${seenValue(unknownId.cursor ?? '')}`,
      `status ${unknownId.status || 'none'}`,
    ];
    const hint = `Say so before the first event (this kit: event: ${STREAM_CANNOT_RESUME}), so that the client can reload its state.`;
    const more = { hint, evidence };
    if (unknownId.headAt === null)
      return unknown('the request with an unknown id got no answer', { evidence });
    if (unknownId.status === 429 || unknownId.status === 503) {
      return unknown(`refused with ${unknownId.status}, beside the first connection`, { evidence });
    }
    if (unknownId.status !== 200) {
      return warn(`an unknown id gets ${unknownId.status}: honest, but an EventSource closes for good`, more);
    }
    const said = announcement(unknownId, stream);
    if (said !== null)
      return pass(`an unknown id is announced as a loss (${said})`, { evidence: [...evidence, said] });
    const before = new Set(all.flatMap(({ id, at }) => (id && at < unknownId.sentAt ? [id] : [])));
    const got = eventsOf(unknownId);
    evidence.push(`${count(got.length, 'event')} came`);
    const old = got.filter(({ id }) => id && before.has(id));
    if (old.length > 0) {
      return warn(
        `an unknown id replays ${count(old.length, 'event')} that came before, without a word`,
        more,
      );
    }
    if (got.length === 0) return unknown('after an unknown id nothing came at all', { evidence });
    return fail('after an unknown id it goes on as if nothing was lost', more);
  },
};
