import { Buffer } from 'node:buffer';
import {
  encodeCannotResume,
  encodeComment,
  encodeFrame,
  encodeStreamOpen,
  formatPosition,
  formatVector,
  parseVector,
  STREAM_HEARTBEAT,
  STREAM_TOPIC_END,
  splitFrames,
  type VectorEntry,
  withFrameId,
} from '../protocol/index.ts';
import type { Connection } from './connection.ts';
import type { ResolvedOptions } from './options.ts';
import { Reader, type Wire } from './reader.ts';
import type { FrameBatch } from './replay-log.ts';
import { type CursorRequest, readCursor } from './resume.ts';
import {
  lastBlock,
  openBody,
  planTopic,
  resumeHeader,
  type Session,
  type SessionPlan,
  type TopicPlan,
} from './session.ts';
import { Block, textBlock } from './sink.ts';
import type { StreamCore } from './stream-core.ts';

/**
 * Several streams on one connection. Each keeps its own order and contiguity; the `id:` of every frame is a vector
 * cursor, so that a native EventSource resumes all of them. Frames are the shared ones with another `id:` line, which
 * costs a copy per connection: use it where browsers' limit of six connections per host hurts.
 */
export class MultiSession implements Session {
  readonly #cores: readonly StreamCore[];
  readonly #options: ResolvedOptions;
  #topics: readonly TopicPlan[] = [];
  #readers: readonly Reader[] = [];

  constructor(cores: readonly StreamCore[], options: ResolvedOptions) {
    this.#cores = cores;
    this.#options = options;
  }

  async plan(cursor: string | null, resumeAllowed: boolean): Promise<SessionPlan> {
    await Promise.all(this.#cores.map((core) => core.open()));
    const requested = topicCursors(cursor, this.#cores, this.#options.maxCursorLength);
    const plans = this.#cores.map((core) => planTopic(core, requested(core), this.#options, resumeAllowed));
    this.#topics = await Promise.all(plans);
    if (this.#topics.every((topic) => topic.nothingLeft)) return { kind: 'nothing-left' };
    const all = this.#topics.map((topic) => topic.plan);
    const told = all.find((plan) => plan.loss) ?? all.find((plan) => plan.outcome === 'ok') ?? all[0];
    return told
      ? { kind: 'resume', outcome: told.outcome, header: resumeHeader(told) }
      : { kind: 'nothing-left' };
  }

  attach(connection: Connection): void {
    this.#readers = this.#topics.map(
      (topic, index) =>
        new Reader(this.#core(index), connection, topic.plan, this.#wire(), this.#options.slowReader),
    );
  }

  begin(): void {
    this.#readers.forEach((reader, index) => {
      const topic = this.#topics[index];
      if (topic) reader.open(topic);
    });
    for (const reader of this.#readers) reader.resume();
  }

  #core(index: number): StreamCore {
    const core = this.#cores[index];
    if (!core) throw new RangeError(`no topic ${index}`);
    return core;
  }

  #wire(): Wire {
    return {
      open: (reader, topic) => {
        const own = { stream: reader.stream, position: topic.plan.primer };
        const body = openBody(reader, topic, this.#options);
        return encodeStreamOpen(body, this.#vector(own), this.#options.nextRetryMs());
      },
      cannotResume: (reader, loss) =>
        encodeCannotResume({ stream: reader.stream, ...loss }, this.#vector(entryOf(reader))),
      rewrite: (reader, batch) => this.#rewrite(reader, batch),
      heartbeat: () => this.#heartbeat(),
      complete: (reader) => this.#complete(reader),
    };
  }

  /** The own entry first: it says whose frame it is. */
  #vector(own: VectorEntry): string {
    const others = this.#readers.filter((reader) => reader.stream !== own.stream).map(entryOf);
    return formatVector([own, ...others]);
  }

  #rewrite(reader: Reader, batch: FrameBatch): Block {
    const { epoch } = reader.position;
    // Latin-1 keeps every byte as it is, and ids are ASCII.
    const text = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.length).toString(
      'latin1',
    );
    const frames = splitFrames(text).map((frame, index) => {
      const position = { epoch, seq: batch.firstSeq + index };
      return withFrameId(frame, this.#vector({ stream: reader.stream, position }));
    });
    return new Block(Buffer.from(frames.join(''), 'latin1'));
  }

  #heartbeat(): Block {
    const head = formatVector(this.#readers.map(entryOf));
    const unixMs = this.#options.clock.now();
    if (this.#options.heartbeat !== 'event') return textBlock(encodeComment(`hb ${head} ${unixMs}`));
    return textBlock(encodeFrame({ event: STREAM_HEARTBEAT, data: JSON.stringify({ head, unixMs }) }));
  }

  #complete(reader: Reader): void {
    const { connection, stream } = reader;
    const frame = encodeFrame({ event: STREAM_TOPIC_END, data: JSON.stringify({ stream }) });
    connection.write(textBlock(frame), this.#options.clock.monotonic());
    if (this.#readers.every((each) => each.stopped)) connection.finish('ended', lastBlock(this.#heartbeat()));
  }
}

function entryOf(reader: Reader): VectorEntry {
  return { stream: reader.stream, position: reader.cursor };
}

/**
 * What a cursor says about each stream. A stream that a vector does not name is subscribed to afresh. A single position
 * (of a client that had one of the streams alone) counts for the stream whose epoch it has, and is foreign to all when
 * none has it.
 */
function topicCursors(
  cursor: string | null,
  cores: readonly StreamCore[],
  maxLength: number,
): (core: StreamCore) => CursorRequest {
  const vector = cursor === null ? null : parseVector(cursor);
  if (vector) {
    const byName = new Map(vector.map((entry) => [entry.stream, entry.position]));
    return ({ name }) => {
      const position = byName.get(name);
      return position ? { kind: 'position', text: formatPosition(position), position } : { kind: 'none' };
    };
  }
  const single = readCursor(cursor, maxLength);
  if (single.kind !== 'position') return () => single;
  const owner = cores.find((core) => core.bounds().epoch === single.position.epoch);
  return (core) => (owner === undefined || owner === core ? single : { kind: 'none' });
}
