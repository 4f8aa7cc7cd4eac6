import {
  STREAM_CANNOT_RESUME,
  STREAM_DRAIN,
  STREAM_END,
  STREAM_HEARTBEAT,
  STREAM_OPEN,
  STREAM_RESUME_HEADER,
} from '../protocol/constants.ts';
import { type CannotResume, isControlType, parseControl, type StreamOpen } from '../protocol/control.ts';
import { heartbeatComment, parseHeartbeat } from '../protocol/heartbeat.ts';
import type { ClientConfig } from './config.ts';
import { type Failure, type FailureCause, isEventStreamType } from './core/failure.ts';
import { judgeHeartbeat } from './core/liveness.ts';
import { parseRetryAfter } from './core/retry-after.ts';
import type { Input } from './core/state.ts';
import { type Delivery, isThenable } from './delivery.ts';
import { WireEvent } from './event.ts';
import type { ClientFactBody } from './facts.ts';
import { createFrameReader } from './frame-reader.ts';
import { watchLiveness } from './liveness-watch.ts';
import type { ClientPorts } from './ports.ts';
import type { TransportRequest, TransportResponse } from './transport.ts';
import type { VectorSequencer } from './vector-sequencer.ts';

/** What a connection reports. Everything but `fact` and `dispatch` is said at most once. */
export interface ConnectionEvents {
  readonly fact: (fact: ClientFactBody) => void;
  /** The server hints at a reconnection time, drains or is complete. */
  readonly dispatch: (input: Input) => void;
  /** The response is an event stream. */
  readonly opened: (response: TransportResponse) => void;
  /** A `stream.open` was read: one, or one for each of `several` streams. */
  readonly identified: (open: StreamOpen, several: boolean) => void;
  /** The first frame came, or there is no telling when it will. */
  readonly answered: (open: StreamOpen | null) => void;
  readonly cannotResume: (loss: CannotResume, open: StreamOpen | null) => void | Promise<void>;
  /** It is over; `floorMs` is what the server asked to wait. */
  readonly failed: (failure: Failure, floorMs: number) => void;
}

/** What a connection works with. */
export interface ConnectionPorts {
  readonly config: ClientConfig;
  readonly ports: ClientPorts;
  readonly sequencer: VectorSequencer;
  readonly delivery: Delivery;
  /** Whether events up to the head that the server names may have been handled by an earlier process. */
  readonly recovering: boolean;
  /** These heads, by epoch, which names a log among all streams. */
  readonly recoverUpTo: Map<string, number>;
  readonly cadenceMs: number;
  /** Makes the request; called a second time, with `refresh`, when the server answers 401 and asking again may help. */
  readonly request: (signal: AbortSignal, refresh: boolean) => Promise<TransportRequest>;
  readonly refreshable: boolean;
  /** Whether anybody wants a fact for each event. */
  readonly observed: boolean;
}

/** A connection under way. */
export interface Connection {
  /** Lets go of the request and the body, silently. */
  abandon(): void;
  /** Looks at once whether it is alive; `doubt`: unless it shows soon that it is, it is not. */
  check(doubt: boolean): void;
}

/** More than a vector cursor has room for. */
const MOST_STREAMS = 1000;
/** How long a foreign server may keep `onOpen` waiting for a first frame. */
const ANSWER_MS = 250;

/**
 * One request and the body that answers it: reads, decodes, sorts frames into events and control, and stops reading
 * while a handler is busy. It does not retry; it reports how it ended.
 */
export function openConnection(deps: ConnectionPorts, events: ConnectionEvents): Connection {
  const { config, ports, sequencer, delivery, recoverUpTo } = deps;
  const { bounds } = config;
  const { clock } = ports;
  const { fact } = events;
  let controller: AbortController | undefined;
  let live = true;
  /** What ends the connection once the events before it are handled. */
  let ending: (() => void | Promise<void>) | null = null;
  let open: StreamOpen | null = null;
  let answered = false;
  let eventsSince = false;
  /** A `retry:` whose frame is not complete yet; -1 for none. A drain's is for the next return only. */
  let frameRetryMs = -1;
  let lossDue: (() => void) | null = null;
  let cancelTimer: (() => void) | null = clock.setTimeout(
    () => fail('connect-timeout', `no response within ${config.connectTimeoutMs} ms`),
    config.connectTimeoutMs,
  );
  const watch = watchLiveness(config.liveness, clock, (cause, silentMs) => {
    fact({ kind: 'liveness', cause, silentMs });
    fail(cause, `${cause} for ${Math.round(silentMs)} ms`);
  });

  const stop = (): void => {
    live = false;
    applyRetry();
    cancelTimer?.();
    lossDue?.();
    watch.stop();
    controller?.abort();
  };
  const fail = (cause: FailureCause, message: string, more: Partial<Failure> = {}, floorMs = 0): void => {
    if (!live) return;
    stop();
    sequencer.flush();
    events.failed({ cause, message, ...more }, floorMs);
  };
  const applyRetry = (): void => {
    if (frameRetryMs >= 0) events.dispatch({ type: 'retry-hint', retryMs: frameRetryMs });
    frameRetryMs = -1;
  };
  const answer = (): void => {
    if (answered) return;
    answered = true;
    cancelTimer?.();
    events.answered(open);
  };

  const onControl = (name: string, id: string | undefined, data: string): void => {
    if (name === STREAM_HEARTBEAT && onHeartbeat(heartbeatComment(data))) return;
    const frame = parseControl(name, data);
    if (frame.type === STREAM_OPEN) {
      open = frame.body;
      events.identified(open, id?.includes('=') === true);
      watch.cadence(open.heartbeatMs);
      sequencer.opened(open, id ?? null);
      if (deps.recovering && recoverUpTo.size < MOST_STREAMS) recoverUpTo.set(open.epoch, open.head);
    }
    answer();
    fact({ kind: 'control', frame });
    if (frame.type === STREAM_END) ending ??= isMissing() ? askAgain : complete;
    else if (frame.type === STREAM_DRAIN) {
      events.dispatch({ type: 'drain', floorMs: Math.max(0, frameRetryMs) });
      frameRetryMs = -1;
    } else if (frame.type === STREAM_CANNOT_RESUME) {
      const loss = frame.body;
      if (!sequencer.of(loss.stream).cannotResume(loss)) return;
      const strategy = config.options.cannotResume;
      // With another strategy the connection ends here, and what follows is asked for again.
      if (strategy && strategy !== 'from-oldest')
        ending ??= () =>
          events.cannotResume(loss, (loss.stream ?? open?.stream) === open?.stream ? open : null);
    }
  };
  /** @returns false when the comment is none. */
  const onHeartbeat = (comment: string): boolean => {
    answer();
    const heartbeat = parseHeartbeat(comment);
    if (!heartbeat) return false;
    const { head, heads = [{ stream: undefined, position: head }], unixMs } = heartbeat;
    let lagEvents: number | null = 0;
    for (const {
      stream,
      position: { epoch, seq },
    } of heads) {
      const part = sequencer.of(stream);
      const seen = part.seenOf(epoch);
      lagEvents = lagEvents === null || seen < 0 ? null : lagEvents + Math.max(0, seq - seen);
      // Events that are held say already that something is missing.
      const cause = part.held.size > 0 ? null : judgeHeartbeat(seq, seen, eventsSince);
      if (cause && !ending && part.tailLost(seq)) {
        fact({ kind: 'liveness', cause, silentMs: 0 });
        ending = () => fail(cause, `${seen} came, the server is at ${seq}`);
      }
    }
    fact({ kind: 'heartbeat', head: comment.trim().split(' ')[1] ?? '', lagEvents, serverUnixMs: unixMs });
    eventsSince = false;
    return true;
  };
  const onTooLarge = (what: 'event' | 'line'): void => {
    const message = `${what} over ${what === 'line' ? bounds.maxLineBytes : bounds.maxEventBytes} bytes`;
    if (bounds.tooLarge === 'close') {
      ending ??= () => fail('too-large', message);
      return;
    }
    sequencer.skipped();
    const error = new Error(message);
    fact({ kind: 'error', code: 'ERR_EVENT_TOO_LARGE', message, error });
    fact({ kind: 'dead-letter', reason: 'too-large', event: null, error });
  };

  const read = async (response: TransportResponse): Promise<void> => {
    const { status, body } = response;
    if (status !== 200) {
      const floorMs = parseRetryAfter(response.header('retry-after'), clock.now());
      let why = '';
      if (status === 431) why = ': headers too large, with the cursor';
      if (status >= 300 && status < 400) why = ': no usable Location';
      return fail('status', `status ${status}${why}`, { status }, floorMs);
    }
    const type = response.header('content-type');
    if (!isEventStreamType(type))
      return fail('content-type', `not an event stream: ${type ?? 'no content type'}`, { status });
    cancelTimer?.();
    const speaksFirst = response.header(STREAM_RESUME_HEADER) !== null;
    watch.start(deps.cadenceMs, speaksFirst);
    events.opened(response);
    if (!live) return;
    cancelTimer = speaksFirst ? null : clock.setTimeout(answer, ANSWER_MS);
    if (!body) return fail('no-body', 'no body');
    const origin = { format: config.options.format ?? 'auto', url: response.url } as const;
    const decoder = ports.decoder();
    const feed = createFrameReader(bounds, {
      onFrame(type, id, data) {
        if (!live || ending) return;
        watch.frame();
        if (type !== undefined && isControlType(type)) {
          onControl(type, id, data);
          applyRetry();
          return;
        }
        if (!answered) answer();
        if (frameRetryMs >= 0) applyRetry();
        eventsSince = true;
        const event = new WireEvent(type ?? 'message', id ?? null, data, origin);
        if (recoverUpTo.size > 0) {
          const { epoch = '', seq = 0 } = event.position ?? {};
          event.redelivery = seq <= (recoverUpTo.get(epoch) ?? -1);
        }
        if (deps.observed) fact({ kind: 'received', id: event.id, type: event.type, raw: data });
        sequencer.accept(event, event.id);
      },
      onId(id) {
        if (!live || ending) return;
        watch.frame();
        answer();
        applyRetry();
        sequencer.accept(null, id);
      },
      onComment(text) {
        if (!live || ending) return;
        watch.frame();
        onHeartbeat(text);
      },
      onRetry(ms) {
        frameRetryMs = ms;
      },
      onTooLarge,
    });
    for (;;) {
      let bytes = body.read();
      // A source that has bytes at hand costs neither a turn of the microtask queue nor a look at the clock.
      if (isThenable(bytes)) {
        watch.resume();
        bytes = await bytes;
        watch.pause();
      }
      if (!live) return;
      if (bytes === null) break;
      feed(decoder.write(bytes));
      if (sequencer.holding > 0 || lossDue) armLoss();
      const busy = ending ? delivery.drained() : delivery.idle();
      if (busy) await busy;
      if (!live) return;
      if (ending) {
        sequencer.flush();
        await delivery.drained();
        await ending();
        return;
      }
    }
    fail('eof', 'the response ended');
  };
  const complete = (): void => events.dispatch({ type: 'complete' });
  const askAgain = (): void => fail('gap', 'events are missing');
  /** At the end of the stream: what is held waits for nothing any more. It is asked for again, or announced. */
  const isMissing = (): boolean =>
    sequencer.holding > 0 && (sequencer.expire(Number.POSITIVE_INFINITY) || isMissing());
  const armLoss = (): void => {
    // Anew: with too many held it is due at once.
    lossDue?.();
    lossDue = null;
    const { dueAt } = sequencer;
    if (!live || dueAt === Number.POSITIVE_INFINITY) return;
    lossDue = clock.setTimeout(
      () => {
        lossDue = null;
        if (sequencer.expire(clock.monotonic())) askAgain();
        else armLoss();
      },
      Math.max(0, dueAt - clock.monotonic()),
    );
  };

  const ask = async (refresh: boolean): Promise<void> => {
    let stage: FailureCause = 'request';
    controller?.abort(); // else an answer that nobody reads would keep its socket
    controller = new AbortController();
    try {
      const request = await deps.request(controller.signal, refresh);
      stage = 'network';
      if (!live) return;
      const response = await ports.transport(request);
      if (!live) return;
      const again = response.status === 401 && deps.refreshable && !refresh;
      await (again ? ask(true) : read(response));
    } catch (error) {
      fail(stage, error instanceof Error ? error.message : String(error), { error });
    }
  };
  void ask(false);

  return {
    abandon: stop,
    check: watch.check,
  };
}
