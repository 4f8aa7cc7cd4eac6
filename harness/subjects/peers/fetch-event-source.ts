import { fetchEventSource } from '@microsoft/fetch-event-source';
import type { PeerClient } from './types.ts';

/**
 * `@microsoft/fetch-event-source`, used as its README recommends: `onclose` throws, so that a stream that ends comes
 * back. Its default content type check stays in place.
 */
export const fetchEventSourcePeer: PeerClient = (url, events) => {
  const abort = new AbortController();
  const done = fetchEventSource(url, {
    signal: abort.signal,
    openWhenHidden: true,
    async onopen(response) {
      const type = response.headers.get('content-type');
      if (!response.ok || !type?.startsWith('text/event-stream'))
        throw new Error(`status ${response.status}, ${type}`);
      events.opened();
    },
    onmessage: ({ id, event, data }) => events.event({ id, type: event || 'message', data }),
    onclose() {
      throw new Error('stream ended');
    },
    onerror(error: unknown) {
      events.closed(error instanceof Error ? error.message : String(error), false);
    },
  });
  done.catch((error: unknown) => events.closed(error instanceof Error ? error.message : String(error), true));
  return () => abort.abort();
};
