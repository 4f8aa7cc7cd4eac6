// examples/service-worker/catch-up.ts
import { connect, indexedDbCursorStore } from 'sse-reliability-kit/client';

/** Hands over what was published since the last time, and lets go of the connection. */
export async function catchUp<T>(url: string, handle: (data: T) => Promise<void>): Promise<void> {
  let head = 0;
  const stream = connect<{ order: T }>(url, {
    name: 'orders-in-background',
    store: indexedDbCursorStore(), // a service worker has no localStorage
    signal: AbortSignal.timeout(25_000), // the browser ends a worker that takes longer than about 30 s
    onOpen({ server, cursor }) {
      if (!server) throw new Error(`${url} is not a stream of the kit: it does not say where its head is`);
      head = server.head;
      const nothingNew = server.oldest > head || cursor === `${server.epoch}.${head}`;
      if (server.resume === 'fresh' || nothingNew) void stream.close('nothing new');
    },
    async onEvent(event) {
      await handle(event.data);
      if ((event.position?.seq ?? 0) >= head) void stream.close('caught up');
    },
  });
  await stream.closed; // the cursor is saved
}
