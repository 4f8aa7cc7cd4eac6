import type { CannotResume, StreamOpen } from '../protocol/control.ts';
import { SseKitError } from '../protocol/errors.ts';
import { callbackOf } from './callbacks.ts';
import type { ClientConfig } from './config.ts';
import { type Connection, openConnection } from './connection.ts';
import { createDedupeWindow } from './core/dedupe-window.ts';
import { defaultRetryDecision, type Failure } from './core/failure.ts';
import { initialState, livedMs, transition } from './core/machine.ts';
import type { CloseReason, Input, State } from './core/state.ts';
import type { CursorStore } from './cursor-store.ts';
import { createDelivery, type DeliveryPorts, type Handle, isThenable, UNFINISHED } from './delivery.ts';
import type { StreamEvent, WireEvent } from './event.ts';
import type { ClientFact, ClientFactBody } from './facts.ts';
import type { CannotResumeAnswer, PerAttempt } from './options.ts';
import type { ClientPorts } from './ports.ts';
import { buildRequest } from './request.ts';
import { type ClientStats, type Counts, countFact } from './stats.ts';
import { createStoreWriter } from './store-writer.ts';
import { validating } from './validate.ts';
import { committedBy, createVectorSequencer, cursorAt } from './vector-sequencer.ts';

/** The client without its public face. */
export interface Driver {
  readonly state: () => State;
  readonly stats: () => ClientStats;
  readonly dispatch: (input: Input) => void;
  /** Closes for good. @param cause default `close()`. @returns `closed`; at once where a handler asks that goes on. */
  readonly close: (cause?: string) => Promise<CloseReason>;
  /** Moves the cursor, for `commit: 'manual'`. */
  readonly commit: (cursor: string) => void;
  /** Resolves when closed, what ran is committed and the store has been written, or after 10 seconds without that. */
  readonly closed: () => Promise<CloseReason>;
}

/** What the driver needs: where to, how, with what, and who handles events. */
export interface DriverOptions {
  readonly url: PerAttempt<string | URL>;
  readonly config: ClientConfig;
  readonly ports: ClientPorts;
  readonly handle: Handle;
  readonly name: string;
  readonly observers: ReadonlyArray<(fact: ClientFact) => void>;
  /** Told once when the state becomes `closed`, before anything is awaited. */
  readonly onClosing: (reason: CloseReason) => void;
}

/** How long closing waits for a handler that runs, and closing and beginning for the cursor store. */
const PATIENCE_MS = 10_000;

/** Performs the effects of the state machine, and owns the cursor. */
export function createDriver(setup: DriverOptions): Driver {
  const { config, ports, observers } = setup;
  const { options } = config;
  const { clock, random } = ports;
  const trace = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  const byHand = options.commit === 'manual';
  const counts: Counts = { opened: 0, processed: 0, duplicates: 0, gaps: 0, missed: 0, head: null };
  let stream = setup.name;
  let connectionId = '';
  let state: State = initialState;
  let connection: Connection | null = null;
  let cancelWait: (() => void) | undefined;
  /** Rises with all that the client lets go of, so that what belongs to something earlier is recognised. */
  let generation = 0;
  let unsubscribe: (() => void) | null = null;
  let loading: Promise<void> | undefined;
  let loaded = false;
  const recoverUpTo = new Map<string, number>();
  let committed: string | null = options.from ?? null;
  let cadenceMs = 0;
  let lastOpenAt: number | null = null;
  /** The stream for which a place was chosen after a loss, until the server goes on from there; '' for the only one. */
  let chose: string | null = null;
  /** When that was: once in a while it costs no wait, but not again and again. */
  let choseAt = Number.NEGATIVE_INFINITY;
  let closed: Promise<CloseReason>;
  let resolveClosed: (reason: Promise<CloseReason>) => void;
  /** What the handler returned that was called last; `UNFINISHED` until it does. */
  let returned: unknown;
  const promiseClosed = (): void => {
    closed = new Promise((resolve) => {
      resolveClosed = resolve;
    });
  };
  promiseClosed();

  const fact = (body: ClientFactBody): void => {
    if (body.kind === 'handler-failed') failure('ERR_HANDLER', 'handler failed', body.error);
    countFact(counts, body);
    // What was not committed by hand before the loss cannot be repeated, and need not be told again.
    if (byHand && body.kind === 'cannot-resume') committed = cursorAt(committed, body.stream, body.from);
    const whole: ClientFact = { at: clock.now(), stream, connection: connectionId, trace, ...body };
    for (const observer of observers) guard(observer, whole, false);
    guard(callbackOf(options, whole.kind), whole, body.kind !== 'error');
  };
  /** A callback that throws is a bug of its own: it must not become one of the connection. */
  const guard = <A, T>(call: ((argument: A) => T) | undefined, argument: A, tell: boolean): T | undefined => {
    const threw = (error: unknown): void => {
      if (tell && options.onError) failure('ERR_CALLBACK', 'callback threw', error);
      else ports.reportError(error);
    };
    try {
      const result = call?.(argument);
      if (isThenable(result)) result.then(null, threw);
      return result;
    } catch (error) {
      threw(error);
      return undefined;
    }
  };
  const failure = (code: string, message: string, error: unknown): void => {
    const detail = error instanceof Error ? error.message : String(error);
    fact({ kind: 'error', code, message: `${message}: ${detail}`, error });
  };

  const window = createDedupeWindow(config.dedupe);
  const writer = createStoreWriter(
    options.store,
    setup.name,
    () => ({ cursor: committed, dedupe: window.snapshot() }),
    (error) => failure('ERR_CURSOR_STORE', 'cursor not saved', error),
  );
  const settledAt = (): number => (byHand ? Number.POSITIVE_INFINITY : clock.now());
  const commit = (cursor: string | null, event: StreamEvent | null, startedAt: number): void => {
    // By hand, only what has no handler moves the cursor, and only before the first event.
    if (!byHand || (!event && counts.processed === 0)) committed = cursor;
    if (event) {
      counts.processed++;
      if (event.id) window.settled(event.id, settledAt);
    }
    writer.changed();
    if (event && observers.length > 0) {
      fact({
        kind: 'processed',
        event,
        handlerMs: clock.monotonic() - startedAt,
        publishedAt: (event as WireEvent).knownPublishedAt,
      });
    }
  };
  const handle: Handle = (event) => {
    returned = UNFINISHED;
    returned = setup.handle(event);
    return returned;
  };
  const deliveryPorts: DeliveryPorts = {
    clock,
    random,
    handle: options.schemas
      ? validating(options.schemas, handle, (event, error) =>
          fact({ kind: 'dead-letter', reason: 'validation', event, error }),
        )
      : handle,
    failure: config.handlerFailure,
    startedAt: () => (observers.length > 0 ? clock.monotonic() : 0),
    commit,
    fact,
    stop: (error) => dispatch({ type: 'close', reason: { type: 'failed', error } }),
  };
  const delivery = createDelivery(deliveryPorts, config.concurrency);
  const sequencer = createVectorSequencer({
    policy: config.order,
    window,
    clock,
    deliver: delivery.offer,
    fact,
  });

  const load = async (store: CursorStore): Promise<void> => {
    try {
      const found = await store.load(setup.name);
      // Once a request was made it comes too late.
      if (connectionId || found?.cursor == null) return;
      committed = String(found.cursor); // a column of numbers, in a store of one's own
      loaded = true;
      for (const [id, at] of found.dedupe) window.add(id, at);
    } catch (error) {
      failure('ERR_CURSOR_STORE', 'cursor not loaded', error);
    }
  };
  /** A handler or a store that never answers must hold up neither the beginning nor the end. */
  const within = (work: Promise<unknown>, code: string, why: string): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.setTimeout(() => {
        failure(code, `not done in ${PATIENCE_MS} ms`, why);
        resolve();
      }, PATIENCE_MS);
      void work.then(cancel).then(resolve);
    });

  const inputs: Input[] = [];
  /** One input is dealt with wholly, its facts and effects, before the next: a callback that hears of it may give one. */
  const dispatch = (input: Input): void => {
    if (inputs.push(input) > 1) return;
    try {
      for (const each of inputs) step(each);
    } finally {
      inputs.length = 0;
    }
  };
  const step = (input: Input): void => {
    const before = state;
    const now = clock.monotonic();
    const [next, effect] = transition(config.retry, before, input, now);
    state = next;
    if (next.name !== before.name) {
      // At most once, however often; before the callbacks, for they may be what aborts.
      options.signal?.addEventListener('abort', abort);
      if (before.name === 'closed') promiseClosed();
      const cause = input.type === 'failed' ? input.failure.cause : input.type;
      fact({ kind: 'state', from: before.name, to: next.name, cause });
    }
    if (effect === 'check') connection?.check(input.type === 'online');
    if (effect !== 'enter') return;
    if (livedMs(before, now) >= 0) lastOpenAt = now;
    letGo();
    if (next.name === 'connecting') void begin(generation);
    else if (next.name === 'closed') resolveClosed(end(next.reason));
    else if (next.name === 'waiting' && next.wait) {
      cancelWait = clock.setTimeout(() => dispatch({ type: 'timer' }), next.wait.delayMs);
      fact({ kind: 'retry', attempt: next.attempt + 1, ...next.wait });
    }
  };
  const letGo = (): void => {
    generation++;
    connection?.abandon();
    connection = null;
    cancelWait?.();
  };
  const close = async (cause = 'close()'): Promise<CloseReason> => {
    const whole = closed; // a callback may connect anew
    dispatch({ type: 'close', reason: { type: 'closed', cause } });
    if (returned === UNFINISHED) {
      await null;
      // The handler that closes goes on: it cannot wait for itself.
      if (isThenable(returned)) return { type: 'closed', cause };
    }
    return whole;
  };
  const abort = (): void => void close('aborted');
  const begin = async (own: number): Promise<void> => {
    unsubscribe ??= ports.lifecycle.subscribe((type) => dispatch({ type }));
    loading ??= options.store && within(load(options.store), 'ERR_CURSOR_STORE', 'the cursor store');
    await loading;
    // What was read before is handled first: the cursor of the request stands behind it.
    await delivery.drained();
    if (own !== generation) return;
    // Not before: what a connection that was closed still hands over would pass by what the closing dropped.
    delivery.start();
    const waitMs = options.budget?.take(originOf(setup.url), clock.monotonic()) ?? 0;
    if (waitMs > 0) {
      // Spread: all who wait for the same budget would ask again at the same moment.
      dispatch({ type: 'throttled', waitMs: waitMs * (1 + random()) });
      return;
    }
    const cursor = committed;
    const { attempt } = state;
    let url = '';
    connectionId = `${trace.slice(0, 8)}-${attempt}`;
    sequencer.connecting(cursor);
    fact({ kind: 'attempt', attempt, cursor });
    if (own !== generation) return;
    connection = openConnection(
      {
        config,
        ports,
        sequencer,
        delivery,
        recovering: loaded && counts.opened === 0,
        recoverUpTo,
        cadenceMs,
        observed: observers.length > 0,
        refreshable: typeof options.headers === 'function' || typeof setup.url === 'function',
        request: (signal, refresh) =>
          buildRequest(setup.url, options, { attempt, cursor, refresh, signal }, trace),
      },
      {
        fact,
        dispatch,
        opened(response) {
          url = response.url;
          dispatch({ type: 'opened' });
        },
        identified(open, several) {
          connectionId = open.connection;
          cadenceMs = open.heartbeatMs;
          if (open.resume !== 'gap' && (!several || chose === open.stream)) chose = null;
          if (several) return;
          counts.head = `${open.epoch}.${open.head}`;
          if (options.name === undefined) stream = open.stream;
        },
        answered(server) {
          const downtimeMs = lastOpenAt === null ? null : clock.monotonic() - lastOpenAt;
          fact({ kind: 'open', attempt, status: 200, url, cursor, server, downtimeMs });
        },
        cannotResume,
        failed,
      },
    );
  };
  const failed = (failure: Failure, floorMs: number): void => {
    letGo();
    const own = generation;
    fact({ kind: 'disconnect', failure, openMs: Math.max(0, livedMs(state, clock.monotonic())) });
    const decision = guard(config.decide, failure, true) ?? defaultRetryDecision(failure);
    if (failure.cause !== 'eof' && decision !== 'complete') {
      fact({ kind: 'error', code: codeOf(failure), message: failure.message, error: failure.error });
    }
    // A callback may have connected anew.
    if (own === generation) dispatch({ type: 'failed', failure, decision, floorMs, roll: random() });
  };

  const cannotResume = async (loss: CannotResume, open: StreamOpen | null): Promise<void> => {
    const own = generation;
    const strategy = options.cannotResume;
    let answer: CannotResumeAnswer = 'from-oldest';
    try {
      answer = (typeof strategy === 'function' ? await strategy(loss) : strategy) ?? answer;
    } catch (error) {
      failure('ERR_CANNOT_RESUME_CALLBACK', 'cannotResume failed', error);
    }
    if (own !== generation) return;
    if (answer === 'close') {
      void close(`cannot-resume: ${loss.reason}`);
      return;
    }
    // Where the server goes on by itself is the fallback when the chosen place was no better.
    let cursor: string | null = loss.from;
    const key = loss.stream ?? '';
    if (chose === key) chose = null;
    else {
      chose = key;
      if (answer === 'start-fresh') cursor = open && `${open.epoch}.${open.head}`;
      else if (answer !== 'from-oldest') cursor = answer.cursor;
    }
    // Also where the application commits by hand: what it did not commit cannot be repeated.
    committed = cursorAt(committed, loss.stream, cursor);
    writer.changed();
    const now = clock.monotonic();
    const soon = now - choseAt < config.retry.healthyAfterMs;
    choseAt = now;
    if (soon) failed({ cause: 'gap', message: `cannot resume, again: ${loss.reason}` }, 0);
    else dispatch({ type: 'reconnect' });
  };

  const end = async (reason: CloseReason): Promise<CloseReason> => {
    if (reason.type === 'gave-up') fact({ kind: 'give-up', ...reason });
    unsubscribe?.();
    unsubscribe = null;
    options.signal?.removeEventListener('abort', abort);
    delivery.stop();
    setup.onClosing(reason);
    // At least a turn: a handler that closes the client counts as running once it has returned.
    await loading;
    await within(
      Promise.resolve(delivery.drained()).then(writer.idle),
      'ERR_CLOSE_TIMEOUT',
      'a handler or the cursor store',
    );
    fact({ kind: 'closed', reason });
    return reason;
  };

  return {
    state: () => state,
    stats: () => ({ attempts: state.attempt, ...counts, cursor: committed }),
    closed: () => closed,
    close,
    commit(id) {
      committed = committedBy(committed, id);
      window.committed(id, clock.now());
      writer.changed();
    },
    dispatch,
  };
}

function codeOf({ cause, error }: Failure): string {
  return error instanceof SseKitError ? error.code : `ERR_${cause.toUpperCase().replaceAll('-', '_')}`;
}

/** Empty where a function says what the URL is: its text is none. */
function originOf(url: unknown): string {
  return /^[a-z]+:\/\/[^/?#]*/i.exec(String(url))?.[0] ?? '';
}
