// examples/readme/client.ts
import { connect } from 'sse-reliability-kit/client';

type OrderEvents = { 'order.created': { id: number } };

export function watchOrders(url: string, handle: (order: { id: number }) => Promise<void>) {
  return connect<OrderEvents>(url, {
    // Each event once, in order. The cursor moves when the promise resolves, not before.
    onEvent: (event) => handle(event.data),
    onRetry: ({ delayMs, cause }) => console.warn(`lost the stream (${cause}), back in ${delayMs} ms`),
    onCannotResume: ({ missed, reason }) => console.error(`lost ${missed ?? 'some'} events: ${reason}`),
    onGap: ({ missed }) => console.error(`lost ${missed ?? 'some'} events on the way`),
  });
}
