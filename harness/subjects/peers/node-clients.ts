import { EventSource } from 'eventsource';
import { createEventSource } from 'eventsource-client';
import reconnecting from 'reconnecting-eventsource';
import { eventSourcePeer } from './event-source-like.ts';
import { fetchEventSourcePeer } from './fetch-event-source.ts';
import { launchDarklyPeer } from './launchdarkly.ts';
import type { PeerClient } from './types.ts';

// Its types describe the CommonJS build; what Node imports is an ES module with the class as its default.
const ReconnectingEventSource = reconnecting as unknown as new (
  url: string,
  options: { eventSourceClass: unknown },
) => EventSource;

/**
 * Peers that run in Node, each as its documentation shows it, without tuning. Their packages are development
 * dependencies of this project only.
 */
export const NODE_PEERS: Readonly<Record<string, PeerClient>> = {
  eventsource: eventSourcePeer((url) => new EventSource(url)),
  'eventsource-client': eventSourceClient,
  '@microsoft/fetch-event-source': (...args) => {
    // It was written for pages and takes fetch and timers from `window`.
    (globalThis as { window?: unknown }).window ??= globalThis;
    return fetchEventSourcePeer(...args);
  },
  'reconnecting-eventsource': eventSourcePeer(
    (url) => new ReconnectingEventSource(url, { eventSourceClass: EventSource }),
  ),
  'launchdarkly-eventsource': launchDarklyPeer,
};

function eventSourceClient(...[url, events]: Parameters<PeerClient>): () => void {
  const source = createEventSource({
    url,
    onConnect: () => events.opened(),
    onMessage: ({ id, event, data }) => events.event({ id: id ?? '', type: event ?? 'message', data }),
    onScheduleReconnect: ({ delay }) => events.retrying?.(delay),
    onDisconnect: () => events.closed('disconnected', false),
  });
  return () => source.close();
}
