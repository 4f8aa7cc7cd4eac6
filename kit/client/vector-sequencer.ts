import { ownEntry, ownPosition, parseVector } from '../protocol/vector-cursor.ts';
import type { DedupeWindow } from './core/dedupe-window.ts';
import type { StreamEvent } from './event.ts';
import { createSequencer, type OrderPolicy, type Sequencer, type SequencerOut } from './sequencer.ts';

/** A sequencer for responses that carry one stream or several. */
export interface VectorSequencer extends Sequencer {
  /** What decides for one stream of several: this, on a response that carries one. */
  of(stream: string | undefined): Sequencer;
  /** The cursor that goes on from `place` in one stream (`null`: as if it were new) and as before in the others. */
  cursorAt(stream: string | undefined, place: string | null): string | null;
}

interface Part {
  readonly sequencer: Sequencer;
  /** Position of the last event that was handed on. */
  mark: string | null;
}

/**
 * Order, dedupe and completeness per stream (PROTOCOL.md, section 9). Which streams there are is said by the vector
 * cursors of `stream.open`; the cursor that is committed is built from what was handed on of each stream, because the
 * vectors on the wire are ahead of a stream whose events wait for one before them. With one stream nothing is added.
 */
export function createVectorSequencer(
  policy: OrderPolicy,
  window: DedupeWindow,
  out: SequencerOut,
): VectorSequencer {
  const single = createSequencer(policy, window, out);
  /** By name, as it is written in a vector. Empty when order is not by sequence: then the window alone decides. */
  const parts = new Map<string, Part>();
  /** The single one, and those of the parts. */
  let all: readonly Sequencer[] = [single];
  let several = false;

  const cursor = (): string | null =>
    Array.from(parts, ([name, { mark }]) => (mark ? [`${name}=${mark}`] : []))
      .flat()
      .join(';') || null;
  const add = (name: string, at: string): void => {
    const stream = decodeURIComponent(name);
    const moved = (to: string | null): string | null => {
      part.mark = to;
      return cursor();
    };
    const sequencer = createSequencer(policy, window, {
      deliver: (event, to) => out.deliver(event, moved(to)),
      move: (to) => out.move(moved(to)),
      fact(fact) {
        // Whose event was too large could not be read: the first hole is taken for it.
        if (fact.kind === 'gap' && fact.reason === 'too-large') skipped(false);
        out.fact({ ...fact, stream });
      },
    });
    const part: Part = { sequencer, mark: at };
    parts.set(name, part);
    sequencer.connecting(at);
  };
  const skipped = (hole?: boolean): void => {
    for (const sequencer of all) sequencer.skipped(hole);
  };
  /** Keeps the parts of the streams that a vector names, and adds those that are new. */
  const carry = (vector: string | null): void => {
    several = vector !== null && parseVector(vector) !== null;
    const entries = new Map(
      several && policy.by === 'sequence' ? vector?.split(';').map((each) => each.split('=') as Pair) : [],
    );
    for (const name of parts.keys()) if (!entries.has(name)) parts.delete(name);
    for (const [name, at] of entries) if (!parts.has(name)) add(name, at);
    all = [single, ...Array.from(parts.values(), ({ sequencer }) => sequencer)];
  };
  const partOf = (id: string): Part | undefined =>
    ownPosition(id) ? parts.get(id.slice(0, id.indexOf('='))) : undefined;
  const ownId = (id: string): string => ownEntry(id).slice(id.indexOf('=') + 1);

  return {
    ...single,
    accept(event: StreamEvent, times) {
      const { id } = event;
      if (!several) {
        single.accept(event, times, id);
        return;
      }
      const part = id ? partOf(id) : undefined;
      if (part && id) part.sequencer.accept(event, times, ownId(id));
      else if (parts.size > 0 && !id) out.deliver(event, cursor());
      else single.accept(event, times, id && ownEntry(id));
    },
    checkpoint(id) {
      const part = several ? partOf(id) : undefined;
      if (part) part.sequencer.checkpoint(ownId(id));
      else if (parts.size === 0) single.checkpoint(id);
    },
    settled(event) {
      single.settled(event, several && event.id ? ownEntry(event.id) : event.id);
    },
    committed(id, now) {
      single.committed(several ? ownEntry(id) : id, now);
    },
    connecting(from) {
      single.connecting(from);
      carry(from);
      for (const entry of from?.split(';') ?? []) {
        const part = partOf(entry);
        if (!part) continue;
        part.mark = ownId(entry);
        part.sequencer.connecting(part.mark);
      }
    },
    opened(open, id) {
      if (id) carry(id);
      const name = encodeURIComponent(open.stream);
      const part = parts.get(name);
      if (!part || !id) {
        single.opened(open, id);
        return;
      }
      const entry = id.split(';').find((each) => each.startsWith(`${name}=`));
      if (entry) part.sequencer.opened(open, ownId(entry));
      out.move(cursor());
    },
    of: (stream) => parts.get(encodeURIComponent(stream ?? ''))?.sequencer ?? single,
    cursorAt(stream, place) {
      const part = parts.get(encodeURIComponent(stream ?? ''));
      if (!part) return place;
      part.mark = place;
      return cursor();
    },
    get dueAt() {
      return all.reduce((due, { dueAt }) => Math.min(due, dueAt), Number.POSITIVE_INFINITY);
    },
    get holding() {
      return all.reduce((sum, { holding }) => sum + holding, 0);
    },
    expire(now) {
      const due = all.filter(({ dueAt }) => dueAt <= now);
      return due.map((sequencer) => sequencer.expire(now)).includes('recover') ? 'recover' : 'done';
    },
    skipped,
  };
}

type Pair = [name: string, at: string];

/** The cursor after the event of `id` was committed by hand: of several streams only the event's own moves. */
export function committedBy(cursor: string | null, id: string): string {
  if (!cursor || !parseVector(cursor) || !parseVector(id)) return id;
  const own = ownEntry(id);
  const name = own.slice(0, own.indexOf('=') + 1);
  return [own, ...cursor.split(';').filter((entry) => !entry.startsWith(name))].join(';');
}
