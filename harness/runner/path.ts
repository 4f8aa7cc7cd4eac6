import type { HistoryRecord } from '../history/types.ts';
import type { SseProxyOptions } from '../sse-proxy/index.ts';
import type { ToxiproxyServer } from '../toxiproxy/index.ts';
import { startClientTap } from './client-tap.ts';
import type { FaultPlan } from './faults.ts';
import { createNetwork, type Network } from './network.ts';
import { startServerWire } from './server-wire.ts';
import type { HistoryWatch } from './watch.ts';

export interface PathOptions {
  /** Origin of the server under test. */
  readonly upstream: URL;
  /** What it is asked in the place of what the client asked; see `SseProxyOptions`. */
  readonly ask?: SseProxyOptions['ask'];
  readonly toxiproxy: ToxiproxyServer;
  readonly faults: FaultPlan;
  readonly watch: HistoryWatch;
  /** Decides the chance of the SSE-aware proxy. */
  readonly random: () => number;
  /** Longest wait for any one event, in milliseconds. */
  readonly patienceMs: number;
  /** Awaited before a fault that was armed early bites; what was only planned so far has not disturbed anybody. */
  readonly beforeFire?: () => Promise<void>;
}

/** A wire that can be broken, up and running. */
export interface Path {
  readonly network: Network;
  /** Heals every fault, those of the SSE-aware proxy included. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Builds `client tap -> Toxiproxy -> SSE-aware proxy -> upstream`; what was built is taken down when a part fails. */
export async function openPath(options: PathOptions): Promise<Path> {
  const { upstream, toxiproxy, faults, watch, patienceMs } = options;
  const undo: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const act of undo.splice(0).reverse()) await act();
  };
  const record = (entry: HistoryRecord) => watch.add(entry);
  try {
    const sse = await startServerWire({
      upstream,
      host: toxiproxy.client.bindHost,
      faults,
      watch,
      random: options.random,
      ...(options.ask ? { ask: options.ask } : {}),
      patienceMs,
    });
    undo.push(sse.proxy.close);
    const proxy = await toxiproxy.client.createProxy({ upstream: `127.0.0.1:${sse.proxy.port}` });
    undo.push(() => proxy.remove());
    const tap = await startClientTap({
      upstream: { host: proxy.host, port: proxy.port },
      record,
      onChange: watch.poke,
    });
    undo.push(tap.close);
    const { beforeFire } = options;
    const network = createNetwork({
      proxy,
      tap,
      sse: sse.wire,
      faults,
      watch,
      patienceMs,
      ...(beforeFire ? { beforeFire } : {}),
    });
    const heal = async () => {
      await network.heal();
      await sse.proxy.healAll();
    };
    return { network, heal, close };
  } catch (error) {
    await close();
    throw error;
  }
}
