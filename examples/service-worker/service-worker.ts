// examples/service-worker/service-worker.ts
import { catchUp } from './catch-up.ts';

/** What a push event has in a service worker. With `"lib": ["webworker"]` TypeScript knows it already. */
interface PushEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
declare const registration: ServiceWorkerRegistration;

interface Order {
  readonly item: string;
}

self.addEventListener('push', (event) => {
  const shown = catchUp<Order>('/orders', ({ item }) => registration.showNotification(`New order: ${item}`));
  (event as PushEvent).waitUntil(shown);
});
