import type { CannotResume } from '../protocol/control.ts';
import type { RetryBudget } from './budget.ts';
import type { DedupeBounds } from './core/dedupe-window.ts';
import type { Failure, RetryDecision } from './core/failure.ts';
import type { LivenessPolicy } from './core/liveness.ts';
import type { RetryPolicy } from './core/state.ts';
import type { CursorStore } from './cursor-store.ts';
import type { HandlerFailurePolicy } from './delivery.ts';
import type { DataFormat, StreamEvent } from './event.ts';
import type { ClientFact, FactOf } from './facts.ts';
import type { FrameBounds } from './frame-reader.ts';
import type { ClientPorts } from './ports.ts';
import type { OrderPolicy } from './sequencer.ts';
import type { StandardSchema } from './validate.ts';

/** What a request function is told about the attempt it makes a request for. */
export interface AttemptInfo {
  /** 1 for the first. */
  readonly attempt: number;
  readonly cursor: string | null;
  /** True when the server answered 401 a moment ago: fetch a new token, do not take one from a cache. */
  readonly refresh: boolean;
  /** Aborted when the attempt is. */
  readonly signal: AbortSignal;
}

/** A value, or a function called at each attempt. */
export type PerAttempt<T> = T | ((info: AttemptInfo) => T | Promise<T>);

/** Names of the presets: how soon and how often a lost connection is tried again. */
export type RetryPreset = 'aggressive' | 'standard' | 'conservative';

/** Retry options: a preset, with any part of it replaced. */
export interface RetryOptions extends Partial<RetryPolicy> {
  /** Default `standard`. */
  readonly preset?: RetryPreset;
  /** Decides what a failure means; `undefined` leaves it to the default policy. */
  readonly decide?: (failure: Failure) => RetryDecision | undefined;
}

/** What to do when the server cannot go on from the cursor. */
export type CannotResumeStrategy = 'from-oldest' | 'start-fresh' | 'close';

/** What a snapshot callback decides: a strategy, or the position its snapshot stands at. */
export type CannotResumeAnswer = CannotResumeStrategy | { readonly cursor: string | null };

/** Types of payloads by event name. */
export type EventMap = Record<string, unknown>;

/** Any event of a map. */
export type AnyEvent<Events extends EventMap> = {
  [Type in keyof Events & string]: StreamEvent<Events[Type], Type>;
}[keyof Events & string];

/** Callbacks. Each gets the fact that observers get too; what they return is ignored, what they throw is reported. */
export interface Callbacks {
  /** Any change of `state`. */
  readonly onStateChange?: (fact: FactOf<'state'>) => void;
  /** An event stream answers. */
  readonly onOpen?: (fact: FactOf<'open'>) => void;
  /** A connection or an attempt ended; a retry or the end follows. */
  readonly onDisconnect?: (fact: FactOf<'disconnect'>) => void;
  /** The client is closed, for good unless `reconnect()` is called. */
  readonly onClose?: (fact: FactOf<'closed'>) => void;
  /** Something failed, of whatever kind. */
  readonly onError?: (fact: FactOf<'error'>) => void;
  readonly onRetry?: (fact: FactOf<'retry'>) => void;
  readonly onGiveUp?: (fact: FactOf<'give-up'>) => void;
  readonly onHeartbeat?: (fact: FactOf<'heartbeat'>) => void;
  readonly onControl?: (fact: FactOf<'control'>) => void;
  readonly onDuplicate?: (fact: FactOf<'duplicate'>) => void;
  readonly onOutOfOrder?: (fact: FactOf<'out-of-order'>) => void;
  readonly onGap?: (fact: FactOf<'gap'>) => void;
  readonly onLivenessFailure?: (fact: FactOf<'liveness'>) => void;
  readonly onCannotResume?: (fact: FactOf<'cannot-resume'>) => void;
  /** An event that could not be handled, or not even be read; the stream goes on without it. */
  readonly onDeadLetter?: (fact: FactOf<'dead-letter'>) => void;
}

/** Options of `connect`. Everything has a default. */
export interface ConnectOptions<Events extends EventMap = EventMap> extends Callbacks {
  /**
   * Handles each event, one after the other. The cursor moves when it has returned, or when its promise has resolved.
   * Without it, events are pulled by iteration or wait for the first listener.
   */
  readonly onEvent?: (event: AnyEvent<Events>) => unknown;
  /** Name of the stream in facts, and the key in the cursor store. Default: the URL without query. */
  readonly name?: string;

  /** Default `GET`. */
  readonly method?: string;
  readonly headers?: PerAttempt<Readonly<Record<string, string>>>;
  readonly body?: PerAttempt<BodyInit | null>;
  /** Default `same-origin`. */
  readonly credentials?: RequestCredentials;
  /**
   * Where the cursor goes: the `Last-Event-ID` header (default), or the query parameter `lastEventId`, which spares a
   * cross-origin page the CORS preflight.
   */
  readonly cursor?: 'header' | 'query';
  /**
   * Whether requests carry this client's trace id (that of its facts) as `traceparent` header, for the server's logs.
   * Default `same-origin`: elsewhere, as after a redirect to elsewhere, it would cost a page the CORS preflight. Outside
   * of pages and workers every request does. A `traceparent` among `headers` goes before it.
   */
  readonly trace?: 'same-origin' | 'always' | 'never';
  /** Position to go on from, when the store has none. Default `null`: from now on. */
  readonly from?: string | null;
  /** Closes the client, whatever it is doing. */
  readonly signal?: AbortSignal;
  /** How `data:` is read. Default `auto`. */
  readonly format?: DataFormat;

  readonly retry?: RetryPreset | RetryOptions;
  /** Longest wait for the head of the response, in milliseconds. Default 15,000. */
  readonly connectTimeoutMs?: number;
  readonly liveness?: Partial<LivenessPolicy>;
  /** Attempts shared with other clients; see `createRetryBudget`. */
  readonly budget?: RetryBudget;
  /**
   * Handles several events at a time, in order per key. Default: one at a time. Only with `onEvent`. The cursor passes
   * no event that is not finished, but others behind it may be: after `close()` or a crash they are handed over again,
   * also to this client when it is told to `reconnect()`. `reconnect()` alone lets all finish and repeats none.
   */
  readonly concurrency?: { readonly limit: number; readonly key: (event: AnyEvent<Events>) => string };
  /**
   * When the cursor moves: when the handler has finished (default), or when the application says so by `commit(id)`,
   * for instance after its own transaction. Then a reconnect repeats what was handled and not committed.
   */
  readonly commit?: 'handled' | 'manual';
  /** Schemas by event type. An event that fails goes to `onDeadLetter` and not to the handler. */
  readonly schemas?: { readonly [Type in keyof Events & string]?: StandardSchema<Events[Type]> };
  readonly handlerFailure?: Partial<HandlerFailurePolicy>;
  readonly order?: Partial<Pick<OrderPolicy, 'by' | 'late'>> & {
    /** Events held while one before them is missing. Default 1000. */
    readonly bufferEvents?: number;
    /** How long they are held before they are asked for again, in milliseconds. Default 1000. */
    readonly bufferMs?: number;
  };
  readonly dedupe?: Partial<DedupeBounds>;
  readonly bounds?: Partial<FrameBounds> & {
    /** What happens to an event over a bound: pass over it and announce (default), or give up. */
    readonly tooLarge?: 'skip' | 'close';
  };
  /** Default `from-oldest`: take what the server still has. A function may fetch a snapshot and name its position. */
  readonly cannotResume?:
    | CannotResumeStrategy
    | ((loss: CannotResume) => CannotResumeAnswer | Promise<CannotResumeAnswer>);
  /** Where the cursor is kept. Default: nowhere but in this client. */
  readonly store?: CursorStore;

  /** Gets every fact. Metrics and logs hang here. */
  readonly observe?: ((fact: ClientFact) => void) | ReadonlyArray<(fact: ClientFact) => void>;
  /** Replaces what the client takes from its surroundings. */
  readonly ports?: Partial<ClientPorts>;
}
