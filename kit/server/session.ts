import { Buffer } from 'node:buffer';
import {
  encodeCannotResume,
  encodeStreamEnd,
  encodeStreamOpen,
  PROTOCOL_VERSION,
  type ResumeOutcome,
  type StreamOpen,
} from '../protocol/index.ts';
import type { Connection } from './connection.ts';
import type { ResolvedOptions } from './options.ts';
import { Reader, type Wire } from './reader.ts';
import type { LogBounds } from './replay-log.ts';
import {
  type CursorRequest,
  isWithin,
  type Loss,
  planResume,
  type ResumePlan,
  readCursor,
} from './resume.ts';
import { Block, textBlock } from './sink.ts';
import type { StreamCore } from './stream-core.ts';

/** How a connection will begin. */
export type SessionPlan =
  | {
      readonly kind: 'resume';
      readonly outcome: ResumeOutcome;
      /** Value of the `Stream-Resume` header. */
      readonly header: string;
    }
  /** The stream is complete and the client has all of it. */
  | { readonly kind: 'nothing-left' };

/** What one connection reads: one stream, or several. Used once, in the order plan, attach, begin. */
export interface Session {
  plan(cursor: string | null, resumeAllowed: boolean): SessionPlan | Promise<SessionPlan>;
  attach(connection: Connection): void;
  begin(): void;
}

/** A plan for one stream, with the bounds it was made from. */
export interface TopicPlan {
  readonly plan: ResumePlan;
  readonly bounds: LogBounds;
  /** The stream is complete and nothing is left for this cursor. */
  readonly nothingLeft: boolean;
}

/** Opens the log and plans; asks a shared log for news before a cursor is called lost. */
export async function planTopic(
  core: StreamCore,
  cursor: CursorRequest,
  options: ResolvedOptions,
  allowed: boolean,
): Promise<TopicPlan> {
  await core.open();
  if (cursor.kind === 'position' && !isWithin(cursor.position, core.bounds())) await core.log.refresh();
  const bounds = core.bounds();
  const plan = planResume(cursor, bounds, options.freshFrom, allowed);
  return { plan, bounds, nothingLeft: bounds.ended && !plan.loss && plan.start.seq === bounds.head };
}

/** Body of `stream.open` for one stream of a connection. */
export function openBody(reader: Reader, { plan, bounds }: TopicPlan, options: ResolvedOptions): StreamOpen {
  return {
    stream: reader.core.name,
    epoch: bounds.epoch,
    head: bounds.head,
    oldest: bounds.oldest,
    resume: plan.outcome,
    heartbeatMs: options.heartbeatMs,
    connection: reader.connection.settings.id,
    protocol: PROTOCOL_VERSION,
  };
}

/** Value of `Stream-Resume`. */
export function resumeHeader(plan: ResumePlan): string {
  return plan.loss ? `gap; reason=${plan.loss.reason}` : plan.outcome;
}

/** The usual connection: one stream. */
export class SingleSession implements Session {
  readonly #core: StreamCore;
  readonly #options: ResolvedOptions;
  #topic: TopicPlan | null = null;
  #reader: Reader | null = null;

  constructor(core: StreamCore, options: ResolvedOptions) {
    this.#core = core;
    this.#options = options;
  }

  async plan(cursor: string | null, resumeAllowed: boolean): Promise<SessionPlan> {
    const request = readCursor(cursor, this.#options.maxCursorLength);
    const topic = await planTopic(this.#core, request, this.#options, resumeAllowed);
    this.#topic = topic;
    if (topic.nothingLeft) return { kind: 'nothing-left' };
    return { kind: 'resume', outcome: topic.plan.outcome, header: resumeHeader(topic.plan) };
  }

  attach(connection: Connection): void {
    const topic = this.#topic;
    if (!topic) return;
    const wire = new SingleWire(this.#options);
    this.#reader = new Reader(this.#core, connection, topic.plan, wire, this.#options.slowReader);
  }

  begin(): void {
    if (!this.#topic) return;
    this.#reader?.open(this.#topic);
    this.#reader?.resume();
  }
}

/** Frames as they are in the log. */
class SingleWire implements Wire {
  readonly rewrite = null;
  readonly #options: ResolvedOptions;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  open(reader: Reader, topic: TopicPlan): string {
    return encodeStreamOpen(
      openBody(reader, topic, this.#options),
      topic.plan.primer,
      this.#options.nextRetryMs(),
    );
  }

  cannotResume(reader: Reader, loss: Loss): string {
    return encodeCannotResume(loss, reader.position);
  }

  heartbeat(reader: Reader): Block {
    return reader.core.heartbeatAt(reader.position);
  }

  complete(reader: Reader): void {
    reader.connection.finish('ended', lastBlock(this.heartbeat(reader)));
  }
}

/**
 * The last of a complete stream: a heartbeat, and `stream.end`. The heartbeat names the last position, so that a client
 * notices when the event before the end was lost on the way.
 */
export function lastBlock(heartbeat: Block): Block {
  return new Block(Buffer.concat([heartbeat.bytes, textBlock(encodeStreamEnd()).bytes]));
}
