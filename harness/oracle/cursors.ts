import type { StreamView, SubjectView } from './view.ts';
import { streamOf } from './view.ts';

/** A moment at which the subject's cursor moved. */
export interface CursorMove {
  readonly at: number;
  /** The id a correct client would send from here on; `null` after an explicit reset. */
  readonly id: string | null;
  readonly place: number | null;
}

/** How a subject's cursor on a stream moved over the run. */
export interface CursorTrail {
  readonly moves: readonly CursorMove[];
  /** Highest place committed by then, `null` while none is known. */
  placeAt(at: number): number | null;
  /** The same, of the moves that were made earlier. */
  placeBefore(at: number): number | null;
  /** The cursors that a request made between the two times may carry: those held at `from`, and each before `to`. */
  between(from: number, to: number): readonly CursorMove[];
}

const NO_CURSOR: CursorMove = { at: Number.NEGATIVE_INFINITY, id: null, place: null };

const trails = new WeakMap<SubjectView, Map<string, CursorTrail>>();

/** The trail of a subject on a stream; remembered, both are immutable. */
export function cursorTrail(subject: SubjectView, stream: StreamView): CursorTrail {
  let known = trails.get(subject);
  if (!known) {
    known = new Map();
    trails.set(subject, known);
  }
  let trail = known.get(stream.name);
  if (!trail) {
    trail = buildTrail(subject, stream);
    known.set(stream.name, trail);
  }
  return trail;
}

function buildTrail(subject: SubjectView, stream: StreamView): CursorTrail {
  const moves: CursorMove[] = [];
  const move = (at: number, id: string | null) => {
    moves.push({ at, id, place: id === null ? null : stream.place(id) });
  };
  for (const record of subject.records) {
    switch (record.kind) {
      case 'processed':
      case 'dead-letter':
        // An event without an id leaves the cursor where it is; a reset is a record of its own (`cursor`, null).
        if (record.stream === stream.name && record.id !== '') move(record.at, record.id);
        break;
      case 'open':
        if (typeof record.cursor === 'string' && isOn(record, subject, stream))
          move(record.at, record.cursor);
        break;
      case 'announced':
        if (record.from !== null && record.recovering !== true && isOn(record, subject, stream)) {
          move(record.at, record.from);
        }
        break;
      case 'cursor':
        if (isOn(record, subject, stream)) move(record.at, record.id);
        break;
    }
  }
  moves.sort((a, b) => a.at - b.at);
  // highest[i]: the furthest of the first i moves.
  const highest: CursorMove[] = [NO_CURSOR];
  for (const each of moves) {
    const best = highest.at(-1) ?? NO_CURSOR;
    highest.push((each.place ?? -1) >= (best.place ?? -1) ? each : best);
  }
  const count = (isCounted: (at: number) => boolean) => {
    let low = 0;
    let high = moves.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const move = moves[middle];
      if (move && isCounted(move.at)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const countUpTo = (limit: number) => count((at) => at <= limit);
  return {
    moves,
    placeAt: (at) => highest[countUpTo(at)]?.place ?? null,
    placeBefore: (limit) => highest[count((at) => at < limit)]?.place ?? null,
    between(from, to) {
      const count = countUpTo(from);
      const latest = moves[count - 1] ?? NO_CURSOR;
      // After a repetition the latest id (browsers) and the highest (clients that dedupe) differ; both are honest.
      const best = highest[count] ?? NO_CURSOR;
      const later: CursorMove[] = [];
      for (let i = count; i < moves.length; i++) {
        const each = moves[i];
        if (!each || each.at >= to) break;
        later.push(each);
      }
      return latest === best || best === NO_CURSOR ? [latest, ...later] : [latest, best, ...later];
    },
  };
}

function isOn(record: { readonly stream?: string }, subject: SubjectView, stream: StreamView): boolean {
  return (streamOf(record, subject) ?? stream.name) === stream.name;
}
