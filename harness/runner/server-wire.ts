import { type FaultSpec, type SseProxy, type SseProxyOptions, startSseProxy } from '../sse-proxy/index.ts';
import type { FaultPlan } from './faults.ts';
import type { HistoryWatch } from './watch.ts';

/** A fault of the SSE-aware proxy, in place. */
export interface SseFault {
  /** Waits until it has left its first evidence on the wire. */
  fired(): Promise<void>;
  heal(): Promise<void>;
}

/** The hop next to the server: the wire tap, and the faults that need to understand SSE. */
export interface ServerWire {
  /** Arms any fault of the SSE proxy's catalogue; takes `sse-proxy/<name>` from the plan. */
  arm(fault: FaultSpec): SseFault;
  /** Ends the connection inside the `n`-th event: after its `id:` line, before its blank line. */
  cutInsideEvent(n: number): SseFault;
}

export interface ServerWireOptions {
  readonly upstream: URL;
  readonly ask?: SseProxyOptions['ask'];
  /** Address to listen on. */
  readonly host: string;
  readonly faults: FaultPlan;
  readonly watch: HistoryWatch;
  readonly random: () => number;
  readonly patienceMs: number;
}

/** Starts the SSE-aware proxy in front of a server and ties its faults to the scenario's plan. */
export async function startServerWire(
  options: ServerWireOptions,
): Promise<{ readonly wire: ServerWire; readonly proxy: SseProxy }> {
  const { watch, faults, patienceMs } = options;
  const proxy = await startSseProxy({
    upstream: options.upstream.origin,
    host: options.host,
    record: watch.add,
    random: options.random,
    ...(options.ask ? { ask: options.ask } : {}),
  });
  const arm = (spec: FaultSpec): SseFault => {
    const { name } = faults.take(`sse-proxy/${spec.name}`);
    const armed = proxy.arm({ ...spec, id: name });
    return {
      fired: () => watch.until(`${name} fires`, () => armed.firings > 0, patienceMs),
      heal: () => armed.heal(),
    };
  };
  return {
    proxy,
    wire: {
      arm,
      cutInsideEvent: (n) => arm({ name: 'cut-event', event: n, inside: 'data' }),
    },
  };
}
