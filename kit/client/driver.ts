import type { CannotResume, StreamOpen } from '../protocol/control.ts';
import { SseKitError } from '../protocol/errors.ts';
import { callBack } from './callbacks.ts';
import type { ClientConfig } from './config.ts';
import { type Connection, openConnection } from './connection.ts';
import { createDedupeWindow } from './core/dedupe-window.ts';
import { defaultRetryDecision, type Failure } from './core/failure.ts';
import { initialState, transition } from './core/machine.ts';
import type { CloseReason, Effect, Input, State } from './core/state.ts';
import type { CursorStore } from './cursor-store.ts';
import { createDelivery, type DeliveryPorts, type Handle } from './delivery.ts';
import { publishedAt, type StreamEvent } from './event.ts';
import type { ClientFact, ClientFactBody } from './facts.ts';
import type { CannotResumeAnswer, PerAttempt } from './options.ts';
import type { ClientPorts } from './ports.ts';
import { buildRequest } from './request.ts';
import { type ClientStats, createTally } from './stats.ts';
import { createStoreWriter } from './store-writer.ts';
import { validating } from './validate.ts';
import { committedBy, createVectorSequencer } from './vector-sequencer.ts';

/** The client without its public face. */
export interface Driver {
  readonly state: () => State;
  readonly stats: () => ClientStats;
  readonly dispatch: (input: Input) => void;
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
  const { clock } = ports;
  const now = (): number => clock.now();
  const trace = randomHex(ports.random, 32);
  let stream = setup.name;
  let connectionId = '';
  let state: State = initialState;
  let connection: Connection | null = null;
  /** Rises with each request and each abandon, so that what belongs to an earlier one is recognised. */
  let generation = 0;
  let cancelWait: (() => void) | null = null;
  let unsubscribe: (() => void) | null = null;
  let loading: Promise<void> | undefined;
  let loadedCursor = false;
  let committed: string | null = options.from ?? null;
  let cadenceMs = 0;
  let lastOpenAt: number | null = null;
  let openedAt: number | null = null;
  /** The stream for which a place was chosen after a loss, until the server goes on from there; '' for the only one. */
  let chose: string | null = null;
  /** When that was: once in a while it costs no wait, but not again and again. */
  let choseAt = Number.NEGATIVE_INFINITY;
  let finished = deferred<CloseReason>();
  const count = createTally();

  const fact = (body: ClientFactBody): void => {
    if (body.kind === 'handler-failed') failure('ERR_HANDLER', 'the handler failed', body.error);
    count.add(body);
    const whole: ClientFact = { at: clock.now(), stream, connection: connectionId, trace, ...body };
    for (const observer of observers) guard(() => observer(whole), false);
    guard(() => callBack(options, whole), body.kind !== 'error');
  };
  /** A callback that throws is a bug of its own: it must not become one of the connection. */
  const guard = (call: () => unknown, tell: boolean): void => {
    const threw = (error: unknown): void => {
      if (tell && options.onError) failure('ERR_CALLBACK', 'a callback threw', error);
      else ports.reportError(error);
    };
    try {
      const result = call();
      if (result instanceof Promise) result.catch(threw);
    } catch (error) {
      threw(error);
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
    (error) => failure('ERR_CURSOR_STORE', 'the cursor could not be saved', error),
  );
  const commit = (cursor: string | null, event: StreamEvent | null, startedAt: number): void => {
    // By hand, only what has no handler moves the cursor, and only before the first event.
    if (options.commit !== 'manual' || (!event && count.of.processed === 0)) committed = cursor;
    if (event) {
      count.of.processed++;
      sequencer.settled(event);
      if (event.id && options.commit !== 'manual') sequencer.committed(event.id, now());
    }
    writer.changed();
    if (event && observers.length > 0) {
      fact({
        kind: 'processed',
        event,
        handlerMs: clock.monotonic() - startedAt,
        publishedAt: publishedAt(event),
      });
    }
  };
  const deliveryPorts: DeliveryPorts = {
    clock,
    random: ports.random,
    handle: options.schemas
      ? validating(options.schemas, setup.handle, (event, error) =>
          fact({ kind: 'dead-letter', reason: 'validation', event, error }),
        )
      : setup.handle,
    failure: config.handlerFailure,
    startedAt: () => (observers.length > 0 ? clock.monotonic() : 0),
    commit,
    fact,
    stop: (error) => dispatch({ type: 'close', reason: { type: 'failed', error } }),
  };
  const delivery = createDelivery(deliveryPorts, config.concurrency);
  const sequencer = createVectorSequencer(config.order, window, {
    deliver: delivery.offer,
    move: delivery.move,
    fact,
  });

  const load = async (store: CursorStore): Promise<void> => {
    try {
      const found = await store.load(setup.name);
      // Once a request was made it comes too late.
      if (connectionId || found?.cursor == null) return;
      committed = String(found.cursor); // a column of numbers, in a store of one's own
      loadedCursor = true;
      for (const [id, at] of found.dedupe) window.add(id, at);
    } catch (error) {
      failure('ERR_CURSOR_STORE', 'the cursor could not be loaded', error);
    }
  };

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
    if (input.type === 'reconnect' && state.name === 'closed') finished = deferred();
    const before = state;
    const [next, effects] = transition(config.retry, state, input, clock.monotonic());
    state = next;
    if (next.name !== before.name) {
      const cause = input.type === 'failed' ? input.failure.cause : input.type;
      fact({ kind: 'state', from: before.name, to: next.name, cause });
    }
    for (const effect of effects) perform(effect, input.type);
    if (next.name === 'closed' && before.name !== 'closed') void finish(next.reason);
  };
  const perform = (effect: Effect, why: Input['type']): void => {
    switch (effect.do) {
      case 'request':
        void begin(++generation);
        return;
      case 'abandon':
        generation++;
        connection?.abandon();
        connection = null;
        return;
      case 'wait': {
        const cause = effect.failure?.cause ?? (why === 'restore' ? why : 'budget');
        const { delayMs, floorMs } = effect;
        cancelWait = clock.setTimeout(() => dispatch({ type: 'timer' }), delayMs);
        fact({ kind: 'retry', attempt: state.attempt + 1, delayMs, floorMs, cause });
        return;
      }
      case 'stop-waiting':
        cancelWait?.();
        return;
      case 'check':
        connection?.check(why === 'online');
    }
  };
  const begin = async (own: number): Promise<void> => {
    unsubscribe ??= ports.lifecycle.subscribe((type) => dispatch({ type }));
    loading ??=
      options.store &&
      within(
        load(options.store),
        'ERR_CURSOR_STORE',
        'the cursor could not be loaded',
        'the store does not answer',
      );
    await loading;
    // What was read before is handled first: the cursor of the request stands behind it.
    await delivery.drained();
    if (own !== generation) return;
    // Not before: what a connection that was closed still hands over would pass by what the closing dropped.
    delivery.start();
    const waitMs = options.budget?.take(originOf(setup.url), clock.monotonic()) ?? 0;
    if (waitMs > 0) {
      // Spread: all who wait for the same budget would ask again at the same moment.
      dispatch({ type: 'throttled', waitMs: waitMs * (1 + ports.random()) });
      return;
    }
    const cursor = committed;
    const { attempt } = state;
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
        recovering: loadedCursor,
        cadenceMs,
        observed: observers.length > 0,
        refreshable: typeof options.headers === 'function' || typeof setup.url === 'function',
        request: (signal, refresh) =>
          buildRequest(setup.url, options, { attempt, cursor, refresh, signal }, trace),
      },
      {
        fact,
        opened(response) {
          openedAt = clock.monotonic();
          answeredBy = { status: response.status, url: response.url };
          dispatch({ type: 'opened' });
        },
        identified(open, several) {
          connectionId = open.connection;
          cadenceMs = open.heartbeatMs;
          if (open.resume !== 'gap' && (!several || chose === open.stream)) chose = null;
          if (several) return;
          count.of.head = `${open.epoch}.${open.head}`;
          if (options.name === undefined) stream = open.stream;
        },
        answered: (server) => answered(attempt, cursor, server),
        retryHint: (retryMs) => dispatch({ type: 'retry-hint', retryMs }),
        drain: (floorMs) => dispatch({ type: 'drain', floorMs }),
        cannotResume,
        complete: () => dispatch({ type: 'complete' }),
        failed,
      },
    );
  };
  let answeredBy = { status: 0, url: '' };
  const answered = (attempt: number, cursor: string | null, server: StreamOpen | null): void => {
    const downtimeMs = lastOpenAt === null ? null : clock.monotonic() - lastOpenAt;
    count.of.opened++;
    loadedCursor = false;
    fact({ kind: 'open', attempt, ...answeredBy, cursor, server, downtimeMs });
  };
  const failed = (failure: Failure, floorMs: number): void => {
    const own = ++generation;
    connection = null;
    const at = clock.monotonic();
    const openMs = openedAt === null ? 0 : at - openedAt;
    if (openedAt !== null) lastOpenAt = at;
    openedAt = null;
    fact({ kind: 'disconnect', failure, openMs });
    let decision = defaultRetryDecision(failure);
    guard(() => {
      decision = config.decide?.(failure) ?? decision;
    }, true);
    if (failure.cause !== 'eof' && failure.cause !== 'drain' && decision !== 'complete') {
      fact({ kind: 'error', code: codeOf(failure), message: failure.message, error: failure.error });
    }
    // A callback may have connected anew.
    if (own === generation) dispatch({ type: 'failed', failure, decision, floorMs, roll: ports.random() });
  };

  const cannotResume = async (loss: CannotResume, open: StreamOpen | null): Promise<void> => {
    const own = generation;
    const strategy = options.cannotResume ?? 'from-oldest';
    let answer: CannotResumeAnswer;
    try {
      answer = typeof strategy === 'function' ? await strategy(loss) : strategy;
    } catch (error) {
      failure('ERR_CANNOT_RESUME_CALLBACK', 'the cannotResume callback failed', error);
      answer = 'from-oldest';
    }
    if (own !== generation) return;
    if (answer === 'close') {
      dispatch({ type: 'close', reason: { type: 'closed', cause: `cannot-resume: ${loss.reason}` } });
      return;
    }
    // Where the server goes on by itself is the fallback when the chosen place was no better.
    let cursor: string | null = loss.from;
    const key = loss.stream ?? '';
    if (chose !== key && answer !== 'from-oldest') {
      cursor = answer === 'start-fresh' ? (open ? `${open.epoch}.${open.head}` : null) : answer.cursor;
    }
    chose = chose === key ? null : key;
    // Also where the application commits by hand: what it did not commit cannot be repeated.
    committed = sequencer.cursorAt(loss.stream, cursor);
    writer.changed();
    const soon = clock.monotonic() - choseAt < config.retry.healthyAfterMs;
    choseAt = clock.monotonic();
    if (soon) {
      connection?.abandon();
      failed({ cause: 'gap', message: `cannot resume, again: ${loss.reason}` }, 0);
    } else dispatch({ type: 'reconnect' });
  };

  const finish = async (reason: CloseReason): Promise<void> => {
    const done = finished;
    if (reason.type === 'gave-up') fact({ kind: 'give-up', ...reason });
    unsubscribe?.();
    unsubscribe = null;
    delivery.stop();
    setup.onClosing(reason);
    await within(
      Promise.all([delivery.drained(), loading]).then(writer.idle),
      'ERR_CLOSE_TIMEOUT',
      'closed with work left',
      'a handler or the cursor store did not finish',
    );
    fact({ kind: 'closed', reason });
    done.resolve(reason);
  };
  /** A handler or a store that never answers must hold up neither the beginning nor the end. */
  const within = (work: Promise<unknown>, code: string, message: string, why: string): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.setTimeout(() => {
        failure(code, `${message} after ${PATIENCE_MS} ms`, why);
        resolve();
      }, PATIENCE_MS);
      void work.then(cancel).then(resolve);
    });

  return {
    state: () => state,
    stats: () => ({ attempts: state.attempt, ...count.of, cursor: committed }),
    closed: () => finished.promise,
    commit(id) {
      committed = committedBy(committed, id);
      sequencer.committed(id, now());
      writer.changed();
    },
    dispatch,
  };
}

function codeOf({ cause, error }: Failure): string {
  return error instanceof SseKitError ? error.code : `ERR_${cause.toUpperCase().replaceAll('-', '_')}`;
}

function originOf(url: unknown): string {
  return typeof url === 'function' ? '' : (/^[a-z]+:\/\/[^/?#]*/i.exec(String(url))?.[0] ?? '');
}

function randomHex(random: () => number, digits: number): string {
  let hex = '';
  while (hex.length < digits) hex += Math.floor(random() * 16).toString(16);
  return hex;
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
