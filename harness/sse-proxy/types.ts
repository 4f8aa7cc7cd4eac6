import type { HistoryRecord } from '../history/types.ts';
import type { Framing } from './http/framing.ts';
import type { HeaderList, RequestHead, ResponseHead } from './http/head.ts';
import type { Frame } from './sse/frame.ts';
import type { ConnectionFilter, Trigger } from './triggers.ts';

/**
 * How a response is ended. `clean`: the body is finished as HTTP demands and the connection stays usable. `fin`: the
 * socket is closed in the middle. `rst`: a true TCP reset. `half-open`: nothing more is forwarded, the socket stays.
 */
export type Ending = 'clean' | 'fin' | 'rst' | 'half-open';

/** What a fault proves: merged with connection, exchange, event number and body byte by the engine. */
export type Evidence = Readonly<Record<string, unknown>>;

/** Options every fault takes, beside its own parameters. */
export interface FaultOptions {
  /** When it begins to act; default: the definition's own, else `always()`. */
  readonly trigger?: Trigger;
  /** On which requests; default: all but `OPTIONS` (CORS preflights). */
  readonly on?: ConnectionFilter;
  /** How often it acts, over all connections, before it is spent; default: the definition's. */
  readonly times?: number | 'always';
  /** Name in the history; default `sse-proxy/<name>#<n>`. */
  readonly id?: string;
}

/** A kind of fault: one short file in `faults/`, one required method. */
export interface FaultDefinition<Params extends object = object> {
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  /** Parameter name to a few words: meaning, unit, default. For `--list`. */
  readonly params: { readonly [K in keyof Params]-?: string };
  /** How often it acts unless told; default 1. */
  readonly times?: number | 'always';
  /** Trigger unless told; default `always()`. */
  trigger?(params: Params): Trigger;
  /**
   * Begins the fault on one exchange (a request and its response); state kept here is per exchange. Contradictory
   * parameters throw from here too: `arm` calls it once against nothing to find out.
   */
  start(params: Params, context: FaultContext): FaultHooks;
}

/** Passes something on to the next fault and then to the client. False: the response is over, stop producing. */
export type Next<T> = (item: T) => Promise<boolean>;

/** What a fault may do. All optional; each is called only while the trigger is open and the fault armed. */
export interface FaultHooks {
  /** The trigger has just opened on this exchange. */
  onTrigger?(): void | Promise<void>;
  /** A request arrived; return an answer to keep it from the upstream. May change the head in place. */
  onRequest?(request: RequestHead): RequestVerdict | undefined | Promise<RequestVerdict | undefined>;
  /** The upstream's response head; change it in place, and return evidence if so. */
  onResponseHead?(head: ResponseHead): Evidence | undefined | Promise<Evidence | undefined>;
  /** A whole frame of an event stream. Nothing goes on unless it is passed to `next`; raw bytes may be, too. */
  onFrame?(frame: Frame, next: Next<Frame | Buffer>): Promise<unknown>;
  /** Body bytes after all frame faults. Nothing goes on unless it is passed to `next`. */
  onBytes?(bytes: Buffer, next: Next<Buffer>): Promise<unknown>;
  /** The body is complete (`end`) or the fault is healed (`heal`): pass on what was held back. */
  onEnd?(next: Next<Buffer>, why: 'end' | 'heal'): Promise<unknown>;
  /** While it is active the response head waits for the first body byte, as behind a buffering proxy. */
  readonly holdsHead?: boolean;
  /** Once begun on a response, it must go on to its end, spent or healed (compression, for example). */
  readonly sticky?: boolean;
}

/** What became of a request. */
export type RequestVerdict =
  /** It goes on, changed; evidence of the change. */
  | { readonly verdict: 'forward'; readonly evidence: Evidence }
  | { readonly verdict: 'answer'; readonly answer: Answer; readonly evidence: Evidence }
  | { readonly verdict: 'silence'; readonly evidence: Evidence };

/** A response made by a fault. */
export interface Answer {
  readonly status: number;
  readonly reason?: string;
  readonly headers: HeaderList;
  readonly body?: Iterable<Buffer> | AsyncIterable<Buffer>;
  /** How the body is framed; default: length when the body is absent, else chunked. */
  readonly framing?: Framing['kind'];
  /** Sends the body alone, without a head: for scripts that bring their own. */
  readonly raw?: boolean;
  /** Default `clean`. */
  readonly end?: Ending;
}

/** The exchange as a fault sees it. */
export interface ExchangeView {
  /** Id of the client's TCP connection in the history. */
  readonly connection: string;
  /** 1 for the first request this proxy saw, `OPTIONS` not counted. */
  readonly number: number;
  /** The connection carried a request before this one. */
  readonly reused: boolean;
  readonly request: RequestHead;
  /** Events received from the upstream so far. */
  readonly events: number;
  /** Body bytes sent to the client so far. */
  readonly bodyBytes: number;
  /** How the response body is framed; `null` before the head. */
  readonly framing: Framing['kind'] | null;
  /** Nothing more can be sent. */
  readonly over: boolean;
}

export interface FaultContext {
  readonly exchange: ExchangeView;
  /** Unix milliseconds of the proxy's clock. */
  now(): number;
  /** Seeded; 0 ≤ x < 1. */
  random(): number;
  /** Takes one of the `times` that are left. False: the fault is spent or healed, do nothing. */
  claim(): boolean;
  /** States that a claimed effect has happened. Call it after the bytes or the socket were affected, never before. */
  fire(evidence: Evidence): void;
  /** Claims, ends the response in that way, and fires once it has happened. */
  end(how: Ending, evidence?: Evidence): Promise<boolean>;
  /** Ends the response as the last part of an effect that was claimed and fired already. */
  finish(how: Ending): Promise<boolean>;
  /** Writes bytes to the socket outside the body framing (broken chunks). */
  raw(bytes: Buffer): Promise<boolean>;
  /** The most recent events passed on, oldest first, at most `count` (and at most 64, 256 KiB). */
  recent(count: number): readonly Frame[];
  /** Waits; cut short (false) when the exchange is over or the fault is healed. */
  sleep(ms: number): Promise<boolean>;
  /** Runs after a delay unless the exchange is over or the fault healed; returns its cancellation. */
  timer(ms: number, run: () => void): () => void;
}

/** Time as the proxy sees it. */
export interface Clock {
  /** Unix milliseconds, with fraction. */
  now(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

export type Recorder = (record: HistoryRecord) => void;
