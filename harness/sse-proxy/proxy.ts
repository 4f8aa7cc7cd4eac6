import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { quote, SseKitError } from '../../kit/protocol/index.ts';
import { Armament, type ArmedFault } from './engine/armed-fault.ts';
import { Attachment } from './engine/attachment.ts';
import { ClientConnection } from './engine/client-connection.ts';
import { seededRandom } from './engine/random.ts';
import { createTap } from './engine/tap.ts';
import { parseTarget } from './engine/upstream.ts';
import { type FaultSpec, findFault } from './faults/index.ts';
import type { RequestHead } from './http/head.ts';
import { always } from './triggers.ts';
import type { Clock, FaultDefinition, FaultOptions, Recorder } from './types.ts';

/** How long `heal` waits for what its fault held back. */
const HEAL_LIMIT_MS = 500;

export interface SseProxyOptions {
  /** Origin of the server under test, for example `http://127.0.0.1:3000`. */
  readonly upstream: string;
  /** Receives everything the tap sees; default: nothing is recorded. */
  readonly record?: Recorder;
  /** Decides all chance; default: a generator seeded with 1. */
  readonly random?: () => number;
  readonly clock?: Clock;
  /** Port to listen on; default 0, any free one. */
  readonly port?: number;
  /** Address to listen on; default 127.0.0.1. `0.0.0.0` lets a Toxiproxy in a container reach it. */
  readonly host?: string;
  /** Name of this tap in the history and prefix of its connection ids; default `sse-proxy`. */
  readonly name?: string;
  /** Content recorded per connection and direction, in bytes; beyond it only sizes. Default 8 MiB. */
  readonly contentBytes?: number;
  /**
   * What the upstream is asked in the place of what the client asked, for another `Host` and for secrets that no history
   * may hold: tap and faults see the client's. Default: the same.
   */
  readonly ask?: (request: RequestHead) => RequestHead;
}

export interface ConnectionInfo {
  readonly id: string;
  /** Target of the request under way; `null` between requests. */
  readonly url: string | null;
  readonly events: number;
  readonly bodyBytes: number;
}

export interface SseProxy {
  /** Origin for clients, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Open client connections. */
  connections(): readonly ConnectionInfo[];
  /**
   * Puts a fault in place, for new and for open connections.
   * @throws SseKitError `ERR_UNKNOWN_FAULT`, `ERR_FAULT_PARAMS`.
   */
  arm(fault: FaultSpec): ArmedFault;
  /** The same for a fault that is not in the catalogue. */
  armCustom<P extends object>(definition: FaultDefinition<P>, params: P & FaultOptions): ArmedFault;
  /** Heals every fault. */
  healAll(): Promise<void>;
  /** Destroys all sockets and stops listening. */
  close(): Promise<void>;
}

/** Starts a proxy in this process. Without faults it is a transparent tap. */
export async function startSseProxy(options: SseProxyOptions): Promise<SseProxy> {
  const { record = () => undefined, clock = systemClock, random = seededRandom(1) } = options;
  const { name = 'sse-proxy', contentBytes = 8 * 1024 * 1024, ask = (request) => request } = options;
  const target = parseTarget(options.upstream);
  const tap = createTap({ name, record, now: () => clock.now(), contentBytes });
  const connections = new Set<ClientConnection>();
  const faults: Armament[] = [];
  let accepted = 0;
  let exchanges = 0;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new ClientConnection({
      id: `${name}:${++accepted}`,
      socket,
      target,
      ask,
      tap,
      clock,
      faults: () => faults,
      number: (request) => (request.method === 'OPTIONS' ? exchanges : ++exchanges),
    });
    connections.add(connection);
    socket.once('close', () => {
      connections.delete(connection);
      tap.forget(connection.id);
    });
    connection.serve().catch((error: unknown) => {
      tap.note(`${connection.id} failed: ${error instanceof Error ? error.stack : String(error)}`);
      connection.destroy();
    });
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  function armCustom<P extends object>(definition: FaultDefinition<P>, spec: P & FaultOptions): ArmedFault {
    const { trigger, on = {}, times, id, ...params } = spec;
    const general = definition as unknown as FaultDefinition<object>;
    const fault = new Armament({
      id: id ?? `${name}/${definition.name}#${faults.length + 1}`,
      definition: general,
      params,
      trigger: trigger ?? general.trigger?.(params) ?? always(),
      filter: on,
      times: times ?? definition.times ?? 1,
      seed: Math.floor(random() * 0x1_0000_0000),
      tap,
      onHeal: async (healed) => {
        faults.splice(faults.indexOf(healed), 1);
        const flushed = [...connections].map((connection) => connection.exchange?.heal(healed));
        // A client that does not read must not hold up the others; its bytes follow when it does.
        await Promise.race([Promise.all(flushed), delay(HEAL_LIMIT_MS, undefined, { ref: false })]);
      },
    });
    Attachment.rehearse(fault, clock);
    faults.push(fault);
    tap.fault(fault.id, 'armed', { name: definition.name, trigger: fault.trigger, ...params });
    for (const { exchange, id: connection } of connections) {
      exchange?.attach(fault, true).catch((error: unknown) => {
        tap.note(`${connection}: ${fault.id} failed: ${String(error)}`);
      });
    }
    return fault;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections: () =>
      [...connections].map(({ id, exchange }) => ({
        id,
        url: exchange?.request.url ?? null,
        events: exchange?.events ?? 0,
        bodyBytes: exchange?.bodyBytes ?? 0,
      })),
    arm: (spec) => {
      const definition = findFault(spec.name);
      if (!definition) throw new SseKitError('ERR_UNKNOWN_FAULT', `no fault named ${quote(spec.name)}`);
      const { name: _, ...params } = spec;
      return armCustom(definition, params);
    },
    armCustom,
    healAll: async () => {
      await Promise.all([...faults].map((fault) => fault.heal()));
    },
    close: async () => {
      const closed = [once(server, 'close'), ...[...connections].map((connection) => connection.closed)];
      server.close();
      for (const connection of connections) connection.destroy();
      await Promise.all(closed);
    },
  };
}

const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
