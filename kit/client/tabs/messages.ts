import type { CannotResume, StreamOpen } from '../../protocol/control.ts';
import type { Failure } from '../core/failure.ts';

/** Version of this protocol between tabs. It is part of the names of lock and channel: pages of two deploys coexist. */
export const TAB_PROTOCOL = 1;

/** One thing that came from the server, as the leader passes it on. */
export type Item =
  | { readonly kind: 'event'; readonly type: string; readonly id: string | null; readonly raw: string }
  | { readonly kind: 'control'; readonly name: string; readonly data: string }
  /** The server could not go on from the cursor it was asked for. */
  | { readonly kind: 'jump'; readonly loss: CannotResume }
  | { readonly kind: 'beat'; readonly head: string; readonly unixMs: number };

/** Why the real connection ended. `error` is left out: not everything that is thrown can be cloned. */
export type FailureNote = Pick<Failure, 'cause' | 'message'> & { readonly status?: number };

/** What a tab says to the leader, whoever that is. */
export type TabMessage =
  /** Wants everything after `cursor` (`null`: from now on). `n` tells a tab's asks apart. */
  | { readonly type: 'ask'; readonly from: string; readonly n: number; readonly cursor: string | null }
  | { readonly type: 'ping'; readonly from: string };

/** What the leader says, to one tab (`to`) or to all. */
export type LeaderMessage =
  /** There is a new leader: ask again. */
  | { readonly type: 'lead'; readonly from: string }
  /** The leader is there. */
  | { readonly type: 'ack'; readonly from: string; readonly to: string }
  /** From here on, what is passed on is yours: `items` first, then all that follows. */
  | {
      readonly type: 'attach';
      readonly from: string;
      readonly to: string;
      readonly n: number;
      readonly url: string;
      /** What the server said of itself; `null` when it does not speak the protocol. */
      readonly open: StreamOpen | null;
      /** The id that `stream.open` carries. */
      readonly id: string | null;
      readonly items: readonly Item[];
    }
  | { readonly type: 'item'; readonly from: string; readonly item: Item }
  /** The connection is lost; another is being made. */
  | { readonly type: 'down'; readonly from: string; readonly failure: FailureNote | null }
  /** It is over: the stream is complete (`null`), or the leader's client gave up. */
  | { readonly type: 'over'; readonly from: string; readonly failure: FailureNote | null }
  /** The leader goes. */
  | { readonly type: 'bye'; readonly from: string };

/** Everything that is posted between tabs. */
export type Message = TabMessage | LeaderMessage;

/** Where the stream goes on after a loss, as an id: of several streams, an entry with its name. */
export function placeOf({ stream, from }: CannotResume): string {
  return stream === undefined ? from : `${encodeURIComponent(stream)}=${from}`;
}

/** Whether a message is for whoever leads. */
export function isForLeader(message: Message): message is TabMessage {
  return message.type === 'ask' || message.type === 'ping';
}
