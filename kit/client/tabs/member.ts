import { EVENT_STREAM_TYPE, LAST_EVENT_ID_HEADER, STREAM_RESUME_HEADER } from '../../protocol/constants.ts';
import { SseKitError } from '../../protocol/errors.ts';
import type { Clock } from '../ports.ts';
import type { Transport, TransportRequest, TransportResponse } from '../transport.ts';
import type { FailureNote, LeaderMessage, TabMessage } from './messages.ts';
import { createRelayedBody, type RelayedBody } from './relayed-response.ts';

/** The shared connection is over: what the tab's own client gets instead of a response. */
export class SharedStreamError extends SseKitError {
  /** Why the leader's client gave up; `null` when the stream is complete. */
  readonly failure: FailureNote | null;

  constructor(failure: FailureNote | null) {
    const why = failure ? `gave up: ${failure.message}` : 'the stream is complete';
    super('ERR_SHARED_STREAM_OVER', `shared connection: ${why}`);
    this.failure = failure;
  }
}

/** What a member works with. Times in milliseconds. */
export interface MemberDeps {
  readonly self: string;
  readonly clock: Clock;
  readonly post: (message: TabMessage) => void;
  /** The leader does not answer. */
  readonly leaderLost: () => void;
  /** Silence of the leader after which it is asked whether it is there. */
  readonly pingMs: number;
  /** How long it may take to answer. */
  readonly leaderTimeoutMs: number;
  /** Most bytes that wait for a slow handler. Beyond, they are dropped and asked for again later. */
  readonly bufferBytes: number;
}

/** A tab's side of the shared connection: a transport whose responses come from the leader. */
export interface Member {
  readonly transport: Transport;
  receive(message: LeaderMessage): void;
  /** Ends the response that is under way. */
  leave(): void;
}

interface Subscription {
  readonly body: RelayedBody;
  readonly answer: (response: TransportResponse) => void;
  readonly refuse: (error: Error) => void;
  /** The leader whose items count; `null` while none has attached this tab. */
  attachedTo: string | null;
}

/** A timer so late was asleep: what the leader said meanwhile may still wait to be read. */
const ASLEEP_MS = 2000;

/** Makes the member of one client, which has one request at a time. */
export function createMember(deps: MemberDeps): Member {
  const { self, clock, post } = deps;
  let current: Subscription | null = null;
  let asked = 0;
  let leader: string | null = null;
  let heardAt = 0;
  let unanswered = false;
  let cancelWatch: (() => void) | null = null;

  const watch = (ms: number): void => {
    cancelWatch?.();
    const due = clock.monotonic() + ms;
    cancelWatch = clock.setTimeout(() => {
      cancelWatch = null;
      if (!current) return;
      const quietMs = clock.monotonic() - heardAt;
      // Whole milliseconds: a rest of rounding would be due again at the same moment, for ever.
      if (!unanswered && quietMs < deps.pingMs) watch(Math.ceil(deps.pingMs - quietMs));
      else if (!unanswered || clock.monotonic() - due > ASLEEP_MS) say({ type: 'ping', from: self });
      else {
        leader = null;
        deps.leaderLost();
        watch(deps.leaderTimeoutMs);
      }
    }, ms);
  };
  const say = (message: TabMessage): void => {
    unanswered = true;
    watch(deps.leaderTimeoutMs);
    post(message);
  };
  const ask = (): void => {
    if (!current) return;
    current.attachedTo = null;
    say({ type: 'ask', from: self, n: ++asked, cursor: current.body.mark });
  };
  const drop = (error: Error | null): void => {
    const ending = current;
    current = null;
    cancelWatch?.();
    cancelWatch = null;
    if (!ending) return;
    ending.body.end(error);
    ending.refuse(error ?? new SseKitError('ERR_SHARED_STREAM_LOST', 'the shared connection ended'));
  };
  const heard = (from: string): void => {
    leader = from;
    heardAt = clock.monotonic();
    unanswered = false;
    if (current && !cancelWatch) watch(deps.pingMs);
  };

  const open = (request: TransportRequest): Promise<TransportResponse> =>
    new Promise((answer, refuse) => {
      const body = createRelayedBody(cursorOf(request), deps.bufferBytes, () => {
        if (current === own) drop(new SseKitError('ERR_TAB_BUFFER', 'the handler is slower than the stream'));
      });
      const own: Subscription = { body, answer, refuse, attachedTo: null };
      const abort = (): void => {
        if (current === own) drop(new SseKitError('ERR_ABORTED', 'the request was abandoned'));
      };
      request.signal.addEventListener('abort', abort, { once: true });
      current = own;
      if (request.signal.aborted) abort();
      else ask();
    });

  return {
    transport: open,
    receive(message) {
      const { from } = message;
      switch (message.type) {
        case 'lead':
          heard(from);
          ask();
          return;
        case 'ack':
          if (message.to === self && (leader === null || leader === from)) heard(from);
          return;
        case 'attach': {
          if (message.to !== self || message.n !== asked || !current) return;
          if (leader !== null && leader !== from) return;
          heard(from);
          current.attachedTo = from;
          // Answered first: what does not fit the buffer must not cost what does.
          current.answer(responseOf(message, current.body));
          current.body.attached(message);
          return;
        }
        case 'item':
          if (current?.attachedTo !== from) return;
          heard(from);
          current.body.item(message.item);
          return;
        case 'down': {
          if (current?.attachedTo !== from) return;
          const { failure } = message;
          const lost = `the shared connection is lost: ${failure?.message ?? 'suspended'}`;
          drop(failure?.cause === 'eof' ? null : new SseKitError('ERR_SHARED_STREAM_LOST', lost));
          return;
        }
        case 'over':
          if (leader === from) drop(new SharedStreamError(message.failure));
          return;
        case 'bye':
          if (leader !== from) return;
          leader = null;
          ask();
      }
    },
    leave() {
      leader = null;
      drop(new SseKitError('ERR_TAB_AWAY', 'this page was put away'));
    },
  };
}

function responseOf(
  { url, open }: Extract<LeaderMessage, { type: 'attach' }>,
  body: RelayedBody,
): TransportResponse {
  const headers: Record<string, string> = { 'content-type': EVENT_STREAM_TYPE };
  if (open) headers[STREAM_RESUME_HEADER] = open.resume;
  return { status: 200, url, header: (name) => headers[name] ?? null, body };
}

/** The cursor out of the header, where its UTF-8 bytes stand as characters of one byte each. */
function cursorOf({ headers }: TransportRequest): string | null {
  const value = headers[LAST_EVENT_ID_HEADER];
  if (value === undefined) return null;
  return new TextDecoder().decode(Uint8Array.from(value, (character) => character.charCodeAt(0)));
}
