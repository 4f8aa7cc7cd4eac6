// examples/resume/file-store.ts
import { connect, fileCursorStore } from 'sse-reliability-kit/client/node';

export interface Order {
  readonly id: number;
}

export function followOrders(url: string, ship: (order: Order) => Promise<void>) {
  return connect<{ order: Order }>(url, {
    name: 'orders', // the key of the cursor in the file
    store: fileCursorStore({ path: './state/cursors.json' }),
    onEvent: (event) => ship(event.data), // the cursor moves when this promise has resolved
  });
}
