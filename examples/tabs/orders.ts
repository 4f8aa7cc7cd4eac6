// examples/tabs/orders.ts
import { connectShared, type SharedConnectOptions, type SharedHandle } from 'sse-reliability-kit/client/tabs';

/** The orders of a user, over one connection for all tabs. */
export function watchOrders(
  url: string,
  userId: string,
  show: (order: unknown) => void,
  options: SharedConnectOptions = {},
): SharedHandle {
  return connectShared(url, {
    onEvent: ({ data }) => show(data),
    ...options,
    // Tabs that name the same share; two users of one browser must not.
    share: { name: `${url} ${userId}`, ...options.share },
  });
}
