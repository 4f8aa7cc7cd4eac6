// examples/observability/client.ts
import pino from 'pino';
import { Registry } from 'prom-client';
import { connect } from 'sse-reliability-kit/client/node';
import { clientMetrics, logClientFacts } from 'sse-reliability-kit/metrics';

export const registry = new Registry();
const measure = clientMetrics({ registry }); // once per registry, for any number of clients

export interface Tracing {
  /** The W3C traceparent of what this process is doing, for example from OpenTelemetry. */
  current(): string;
}

export function followOrders(
  url: string,
  tracing: Tracing,
  ship: (order: unknown, traceparent?: string) => Promise<void>,
  logTo: pino.DestinationStream = process.stdout,
) {
  return connect<{ order: unknown }>(url, {
    name: 'orders',
    headers: () => ({ traceparent: tracing.current() }), // the server logs this trace with the connection
    observe: [measure, logClientFacts(pino({}, logTo))],
    onEvent: (event) => ship(event.data, event.envelope?.traceparent), // the trace of who published
  });
}
