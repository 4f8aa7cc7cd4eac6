import type { HistoryRecord, Request } from '../../history/types.ts';
import { exactPlace } from '../owed.ts';
import { cursorSent } from '../reconnects.ts';
import { fail, notApplied, pass, plural } from '../results.ts';
import type { Checker } from '../types.ts';
import { type StreamView, type View, viewOf } from '../view.ts';
import { decodeWire, type WireConnection, type WireFrame } from '../wire.ts';

/**
 * What the server left out on the wire without saying so. A client that notices goes back for it and loses nothing, so
 * no other check sees such a server; a browser's EventSource would have lost the events. Looked at are an event that
 * comes too early, a heartbeat that names a position which was not written on its connection, and a resumed response
 * whose `stream.open` primes the cursor past what was asked for.
 */
export const wireHoles: Checker = (history, expectation) => {
  const view = viewOf(history, expectation);
  const budget = expectation.budget?.holesOnWire;
  const wire = decodeWire(view.records);
  const offences: HistoryRecord[] = [];
  const texts: string[] = [];
  let frames = 0;
  let missing = 0;
  for (const subject of view.subjects) {
    for (const connection of wire) {
      const asked = subject.requests.filter((each) => each.connection === connection.connection);
      if (asked.length === 0) continue;
      frames += connection.frames.length;
      for (const hole of holesOf(connection, asked, view)) {
        missing += hole.missing;
        texts.push(hole.text);
        offences.push(...hole.records);
      }
    }
  }
  const counts = { frames, missing };
  if (frames === 0) return notApplied('no decodable bytes recorded', counts);
  const said = `${plural(missing, 'event')} left out on the wire`;
  if (budget === undefined) return notApplied(`${said}, no budget`, counts);
  if (missing <= budget) return pass(`${said}, budget ${budget}`, counts);
  return fail(`${said}, budget ${budget}: ${texts[0] ?? ''}`, offences, counts);
};

interface Hole {
  readonly text: string;
  readonly missing: number;
  readonly records: readonly HistoryRecord[];
}

/** @param requests of this connection, in order: a connection that is kept alive carries several responses. */
function* holesOf(connection: WireConnection, requests: readonly Request[], view: View): Generator<Hole> {
  /** The place that each stream has reached in this response; unknown until a cursor or an event says it. */
  let reached = new Map<StreamView, number>();
  let request: Request | undefined;
  for (const frame of connection.frames) {
    const answered = requests.findLast(({ at }) => at <= frame.record.at);
    if (answered !== request) {
      request = answered;
      reached = new Map();
      const asked = placeOf(view, request ? cursorSent(request) : null);
      if (asked) reached.set(asked.stream, asked.place);
    }
    const hole = step(frame, reached, view);
    if (!hole) continue;
    yield {
      ...hole,
      text: `${connection.connection}: ${hole.text}`,
      records: [...(request ? [request] : []), frame.record],
    };
  }
}

type Step = Pick<Hole, 'text' | 'missing'> | null;

/** Moves `reached` by one frame; says what was left out before it. */
function step(frame: WireFrame, reached: Map<StreamView, number>, view: View): Step {
  const found = placeOf(view, frame.id);
  if (!found) return null;
  const { stream, place } = found;
  const before = reached.get(stream);
  const beyond = before === undefined ? 0 : place - before;
  switch (frame.kind) {
    case 'heartbeat':
      if (beyond <= 0) return null;
      reached.set(stream, place); // the same hole is told once
      return {
        text: `a heartbeat names ${frame.id}, which is ${beyond} beyond what was written`,
        missing: beyond,
      };
    case 'control': {
      reached.set(stream, place);
      // A fresh subscription and an announced loss may begin anywhere.
      const resumed = frame.event === 'stream.open' && openedAsAsked(frame.data);
      if (!resumed || beyond <= 0) return null;
      return { text: `stream.open primes ${frame.id}, ${beyond} past what was asked for`, missing: beyond };
    }
    case 'event':
      if (exactPlace(stream, frame.id) === null) return null; // made up on the way: another check's business
      reached.set(stream, Math.max(place, before ?? place));
      if (beyond <= 1) return null;
      return { text: `${frame.id} comes ${beyond - 1} too early`, missing: beyond - 1 };
  }
}

/** The stream that an id belongs to, and its place there. */
function placeOf(view: View, id: string | null): { stream: StreamView; place: number } | null {
  for (const stream of view.streams.values()) {
    const place = stream.place(id);
    if (place !== null) return { stream, place };
  }
  return null;
}

function openedAsAsked(data: string): boolean {
  try {
    return (JSON.parse(data) as { resume?: unknown }).resume === 'ok';
  } catch {
    return false; // not the kit's frame
  }
}
