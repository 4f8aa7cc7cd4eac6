import type { CannotResume, ControlFrame, StreamOpen } from '../protocol/control.ts';
import type { Failure, FailureCause, LivenessCause } from './core/failure.ts';
import type { AttemptRecord, CloseReason, StateName } from './core/state.ts';
import type { StreamEvent } from './event.ts';

/** What every fact carries, so that callbacks, metrics and log lines can be joined with the server's. */
export interface FactIds {
  /** When, in unix milliseconds. */
  readonly at: number;
  /** Name of the stream: the option `name`, else what `stream.open` says, else the URL without its query. */
  readonly stream: string;
  /** Id of the connection as the server names it in `stream.open`; before that `<trace>-<attempt>`. */
  readonly connection: string;
  /** W3C trace id of this client, 32 hexadecimal digits. */
  readonly trace: string;
}

/** What became of an event that came too late or too early. */
export type OrderAction = 'buffered' | 'delivered' | 'dropped';

/** Why events are missing. */
export type GapReason = 'hole' | 'tail-loss' | 'epoch-changed' | 'too-large' | 'order';

/** One thing that happened, with the data that belongs to it. `kind` tells them apart. */
export type ClientFactBody =
  | {
      readonly kind: 'state';
      readonly from: StateName;
      readonly to: StateName;
      /** What led there: an input of the state machine, or the cause of a failure. */
      readonly cause: string;
    }
  /** A request is about to be made. `cursor` is what it asks to resume from. */
  | { readonly kind: 'attempt'; readonly attempt: number; readonly cursor: string | null }
  /** An event stream answers. Emitted once per connection: with `stream.open`, or with the first frame without it. */
  | {
      readonly kind: 'open';
      readonly attempt: number;
      readonly status: number;
      readonly url: string;
      readonly cursor: string | null;
      readonly server: StreamOpen | null;
      /** Time since the client was last open, in milliseconds; `null` for the first time. */
      readonly downtimeMs: number | null;
    }
  /** A connection or an attempt ended. */
  | {
      readonly kind: 'disconnect';
      readonly failure: Failure;
      /** How long it was open; 0 when it never was. */
      readonly openMs: number;
    }
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly error: unknown }
  | {
      readonly kind: 'retry';
      /** Number of the attempt that will be made. */
      readonly attempt: number;
      readonly delayMs: number;
      /** What the server asked for, 0 for nothing. */
      readonly floorMs: number;
      readonly cause: FailureCause | 'budget' | 'restore';
    }
  | {
      readonly kind: 'give-up';
      readonly why: 'final' | 'attempts' | 'elapsed';
      readonly failure: Failure;
      readonly attempts: readonly AttemptRecord[];
    }
  | {
      readonly kind: 'heartbeat';
      /** Head of the server's log, as a position. */
      readonly head: string;
      /** Events the client has not seen yet; `null` when it cannot be said. */
      readonly lagEvents: number | null;
      /** When the server wrote it, by the server's clock. */
      readonly serverUnixMs: number;
    }
  | { readonly kind: 'control'; readonly frame: ControlFrame }
  /** A whole event came, before dedupe and ordering. */
  | { readonly kind: 'received'; readonly id: string | null; readonly type: string; readonly raw: string }
  /** The handler finished with an event and its position is committed. */
  | {
      readonly kind: 'processed';
      readonly event: StreamEvent;
      readonly handlerMs: number;
      /** When it was published, by the server's clock; `null` when the payload was not read or does not say. */
      readonly publishedAt: number | null;
    }
  /**
   * Not handed over. When the id is that of the last event and the data is not, an `error` of code `ERR_ID_REUSED`
   * follows. The data of older events is not kept to compare with: no such error proves nothing about their repetitions.
   */
  | { readonly kind: 'duplicate'; readonly id: string; readonly type: string }
  | {
      readonly kind: 'out-of-order';
      readonly id: string | null;
      readonly type: string;
      readonly action: OrderAction;
      /** A `gap` of reason `order` counted it as missing: when it is delivered after all, that was one too many. */
      readonly announced: boolean;
    }
  /** Events are lost, or may be: `missed` is `null` when their number cannot be known. */
  | {
      readonly kind: 'gap';
      readonly reason: GapReason;
      readonly after: string | null;
      readonly from: string | null;
      readonly missed: number | null;
    }
  | { readonly kind: 'liveness'; readonly cause: LivenessCause; readonly silentMs: number }
  | ({ readonly kind: 'cannot-resume' } & CannotResume)
  /** An event could not be handed over or handled, and the stream goes on without it. */
  | {
      readonly kind: 'dead-letter';
      readonly reason: 'handler' | 'validation' | 'too-large';
      readonly event: StreamEvent | null;
      readonly error: unknown;
    }
  | {
      readonly kind: 'handler-failed';
      readonly event: StreamEvent;
      readonly attempt: number;
      readonly error: unknown;
    }
  | { readonly kind: 'closed'; readonly reason: CloseReason };

/** A fact: its body and the ids. Callbacks, metrics and log lines are readers of the same fact. */
export type ClientFact = FactIds & ClientFactBody;

/** A fact of one kind. */
export type FactOf<Kind extends ClientFactBody['kind']> = Extract<ClientFact, { kind: Kind }>;
