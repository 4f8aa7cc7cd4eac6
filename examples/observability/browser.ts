// examples/observability/browser.ts
import { connect, inMemoryMetrics } from 'sse-reliability-kit/client';
import { consoleLogger, logClientFacts } from 'sse-reliability-kit/logging';

export const metrics = inMemoryMetrics();

export function showOrders(url: string, show: (order: unknown) => void) {
  return connect<{ order: unknown }>(url, {
    name: 'orders',
    observe: [metrics.observe, logClientFacts(consoleLogger())],
    onEvent: (event) => show(event.data),
  });
}

/** Sends what was counted when the page goes away. */
export function reportMetrics(to: string): void {
  addEventListener('pagehide', () => navigator.sendBeacon(to, metrics.text()));
}
