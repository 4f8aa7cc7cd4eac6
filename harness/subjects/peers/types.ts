import type { ClientSettings } from '../types.ts';

/** What a peer client reports. A peer's handler is synchronous, so an event is processed when it is handed over. */
export interface PeerEvents {
  opened(): void;
  /** A whole event, control frames included: the recorder leaves those out, as an application would. */
  event(event: { readonly id: string; readonly type: string; readonly data: string }): void;
  /** An empty `id:` took the last event ID away, for clients whose events carry it (WHATWG HTML 9.2.6). */
  reset(): void;
  /** A connection or an attempt ended; `final` when the client says it will not come back. */
  closed(cause: string, final: boolean): void;
  /** A delay before the next attempt, for clients that tell. */
  retrying?(delayMs: number): void;
}

/** Event types the peers listen to: EventSource hands named events only to listeners of their name. */
export const PEER_EVENT_TYPES = ['message', 'tick', 'sentinel'] as const;

/** What a scenario asks of a client that some peers have an option for. */
export type PeerSettings = Pick<ClientSettings, 'livenessTimeoutMs'>;

/** Another project's client behind the least interface that a scenario needs. Returns a function that closes it. */
export type PeerClient = (url: string, events: PeerEvents, settings: PeerSettings) => () => void;
