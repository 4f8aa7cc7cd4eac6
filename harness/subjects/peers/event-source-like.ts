import { PEER_EVENT_TYPES, type PeerClient } from './types.ts';

/** The part of the EventSource interface (WHATWG HTML 9.2.2) that the peers share. */
interface EventSourceLike {
  readonly readyState: number;
  onopen: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  addEventListener(type: string, listener: (event: { lastEventId: string; data: string }) => void): void;
  close(): void;
}

const CLOSED = 2;

/** A peer that offers the EventSource interface: native, `eventsource`, `reconnecting-eventsource`, `launchdarkly-eventsource`. */
export function eventSourcePeer(create: (url: string) => EventSourceLike): PeerClient {
  return (url, events) => {
    const source = create(url);
    source.onopen = () => events.opened();
    source.onerror = (event: { message?: string } | undefined) => {
      const final = source.readyState === CLOSED;
      events.closed(event?.message ?? (final ? 'closed for good' : 'error'), final);
    };
    let last = '';
    for (const type of PEER_EVENT_TYPES) {
      source.addEventListener(type, ({ lastEventId: id, data }) => {
        events.event({ id, type, data });
        if (id === '' && last !== '') events.reset();
        last = id;
      });
    }
    return () => source.close();
  };
}
