import type { HistoryRecord } from '../history/types.ts';
import type { ToxicSpec, ToxiproxyProxy } from '../toxiproxy/index.ts';
import { CLIENT_TAP, type ClientTap } from './client-tap.ts';
import { nowMs } from './clock.ts';
import { carriesId, probeRefused, publicationDelays, wireBytes, wireChunksSince } from './evidence.ts';
import type { FaultLife, FaultPlan } from './faults.ts';
import type { ServerWire } from './server-wire.ts';
import type { HistoryWatch } from './watch.ts';

/** A fault that is biting; heals once, by the scenario or by the runner at the end. */
export interface ActiveFault {
  heal(): Promise<void>;
}

/** A fault that is in place and waits for `fire`. */
export interface ArmedFault {
  /** Lets it bite once, at what `traffic` makes the server send; resolves when the wire shows that it did, and disarms it. */
  fire(traffic: () => Promise<void>): Promise<void>;
}

/**
 * The wire between subject and server, and what may go wrong on it:
 *
 * `subject -> client tap -> Toxiproxy -> SSE-aware proxy -> server`
 *
 * Toxiproxy breaks TCP, the SSE-aware proxy breaks what needs to understand SSE, the taps prove it. Every verb takes
 * its fault from the scenario's plan.
 */
export interface Network {
  /** The stream's URL as the subject must see it. */
  url(direct: string): string;
  /** What needs to understand SSE. */
  readonly sse: ServerWire;
  /** Before the subject connects: prepares a true RST for its connection. */
  armReset(): Promise<ArmedFault>;
  /** Cuts the open connections with FIN and refuses new ones until healed. */
  down(): Promise<ActiveFault>;
  /** Closes each connection after so many bytes from the server, headers included, until healed. */
  limitBytes(bytes: number): Promise<ActiveFault>;
  /** Delays each chunk by `latencyMs` ± `jitterMs`. */
  latency(latencyMs: number, jitterMs: number): Promise<ActiveFault>;
  /** Both directions swallow everything and nobody is told: the half-open connection. */
  blackhole(): Promise<ActiveFault>;
  /** Nothing passes towards the client, nothing is lost. */
  stall(): Promise<ActiveFault>;
  /** Passes on at most so many KB a second towards the client. */
  throttle(rateKb: number): Promise<ActiveFault>;
  /** Delays the end of connections by `delayMs`, and nothing else. */
  slowClose(delayMs: number): Promise<ActiveFault>;
  /** Swallows what comes from the server on connections that stay open when it is healed: a hole nobody is told of. */
  swallow(): Promise<ActiveFault>;
  /** Waits until the event with this id has left the server. */
  leftServer(id: string | undefined): Promise<void>;
  /** While something is stalled: waits until `chunks` chunks have left the server and none has arrived. */
  holdsBack(chunks: number): Promise<void>;
  /** Waits until `chunks` more chunks (heartbeats, when nothing is published) have left the server. */
  passes(chunks: number): Promise<void>;
  /** Lets the first connection pass and keeps whoever comes back waiting while `act` runs; nobody is refused. */
  whileNobodyReconnects(act: () => Promise<void>): Promise<void>;
  /**
   * Passes on what the kernel of a dead server does: refuse new connections. Without it the relays on the way would
   * accept and then close, which is another fault (and one that Firefox answers by itself with ten requests).
   */
  refuseNewConnections(): Promise<ActiveFault>;
  /** Called by `heal`, latest first, unless the fault it gives back was healed before. */
  onHeal(undo: () => Promise<void>): ActiveFault;
  /** Undoes whatever is still broken. */
  heal(): Promise<void>;
}

export interface NetworkParts {
  readonly proxy: ToxiproxyProxy;
  readonly tap: ClientTap;
  readonly sse: ServerWire;
  readonly faults: FaultPlan;
  readonly watch: HistoryWatch;
  readonly patienceMs: number;
  /** See `PathOptions`. */
  readonly beforeFire?: () => Promise<void>;
}

export function createNetwork(parts: NetworkParts): Network {
  const { proxy, tap, faults, watch, patienceMs } = parts;
  const undo: (() => Promise<void>)[] = [];
  let quietSince = 0;

  /** Adds toxics, and gives a fault whose `heal` collects the evidence, removes them and says so. */
  const toxic = async (
    kind: string,
    specs: readonly ToxicSpec[],
    prove: (fault: FaultLife, armedAt: number) => void,
  ): Promise<ActiveFault> => {
    const fault = faults.take(kind);
    const names: string[] = [];
    for (const spec of specs) names.push((await proxy.addToxic(spec)).name);
    fault.armed();
    const armedAt = nowMs();
    quietSince = armedAt;
    return healsOnce(async () => {
      prove(fault, armedAt);
      for (const name of names) await proxy.removeToxic(name);
      fault.healed();
    });
  };
  const healsOnce = (act: () => Promise<void>): ActiveFault => {
    let done: Promise<void> | undefined;
    const heal = () => {
      done ??= act();
      return done;
    };
    undo.push(heal);
    return { heal };
  };

  return {
    sse: parts.sse,
    url: (direct) => {
      const url = new URL(direct);
      url.protocol = 'http:'; // the SSE-aware proxy speaks TLS to the server, and none towards the client
      url.host = `127.0.0.1:${tap.port}`;
      return url.href;
    },
    onHeal: healsOnce,
    heal: async () => {
      for (const act of undo.splice(0).reverse()) await act();
    },

    passes: (chunks) => {
      const since = nowMs();
      return watch.until(
        `${chunks} more chunks leave the server`,
        () => wireChunksSince(watch.records, since, fromServer) >= chunks,
        patienceMs,
      );
    },
    refuseNewConnections: async () => {
      await tap.refuse();
      return healsOnce(() => tap.accept());
    },
    whileNobodyReconnects: (act) => tap.holdNewConnections(act, 1),
    holdsBack: (chunks) =>
      watch.until(
        `${chunks} chunks are held back`,
        () => wireChunksSince(watch.records, quietSince, fromServer) >= chunks,
        patienceMs,
      ),

    leftServer: (id) =>
      watch.until(
        `${id} has left the server`,
        () => watch.records.some((record) => fromServer(tapOf(record)) && carries(record, id)),
        patienceMs,
      ),

    throttle: (rateKb) =>
      toxic(
        'toxiproxy/bandwidth',
        [{ type: 'bandwidth', attributes: { rate: rateKb } }],
        (fault, armedAt) => {
          const atClient = (name: string) => name === CLIENT_TAP;
          const arrivedBytes =
            wireBytes(watch.records, atClient) - wireBytes(watch.records, atClient, armedAt);
          const seconds = (nowMs() - armedAt) / 1000;
          const sentBytes =
            wireBytes(watch.records, fromServer) - wireBytes(watch.records, fromServer, armedAt);
          // A chunk that was on its way when it was armed passes whole, hence the 64 KB.
          const slow = arrivedBytes <= rateKb * 1000 * seconds * 1.5 + 65_536;
          if (slow && sentBytes > arrivedBytes) fault.fired({ arrivedBytes, sentBytes, seconds }, armedAt);
        },
      ),

    slowClose: (delayMs) =>
      toxic(
        'toxiproxy/slow_close',
        [{ type: 'slow_close', attributes: { delay: delayMs } }],
        (fault, armedAt) => {
          const left = watch.records.find(
            (record) =>
              record.kind === 'wire' &&
              record.direction === 'down' &&
              record.event === 'fin' &&
              fromServer(record.tap) &&
              record.at >= armedAt,
          );
          const arrived = tap.connections.find(({ downEndAt }) => (downEndAt ?? 0) >= armedAt);
          const lateMs = left && arrived?.downEndAt ? arrived.downEndAt - left.at : 0;
          // The end may be noted a moment after it was sent; an undisturbed one arrives within a few ms.
          if (left && lateMs >= delayMs * 0.9) fault.fired({ lateMs, connection: arrived?.id }, left.at);
        },
      ),

    swallow: async () => {
      const fault = faults.take('toxiproxy/timeout');
      const { name } = await proxy.addToxic({ type: 'timeout', attributes: { timeout: 0 } });
      fault.armed();
      const armedAt = nowMs();
      quietSince = armedAt;
      return healsOnce(async () => {
        // What has left the server may still lie in a buffer in front of Toxiproxy. Its answers show that it ran since.
        for (let turn = 0; turn < 3; turn += 1) await proxy.state();
        proveWithheld(fault, armedAt);
        // Not removed: that would close the connection, and the hole would not be silent.
        await proxy.patchToxic(name, { toxicity: 0 });
        fault.healed();
      });
    },

    armReset: async () => {
      const fault = faults.take('toxiproxy/reset_peer');
      const { name } = await proxy.addToxic({ type: 'reset_peer', toxicity: 0, attributes: { timeout: 0 } });
      fault.armed();
      const before = tap.connections.length;
      return {
        fire: (traffic) =>
          tap.holdNewConnections(async () => {
            await parts.beforeFire?.();
            const at = nowMs();
            // On a quiet connection: changed under traffic, Toxiproxy 2.12 was seen to end one by FIN.
            await proxy.patchToxic(name, { toxicity: 1 });
            await traffic();
            const reset = () =>
              tap.connections.slice(before).find(({ downError }) => downError === 'ECONNRESET');
            await watch.until('Toxiproxy resets the connection', () => reset() !== undefined, patienceMs);
            const hit = reset();
            fault.fired(
              { rst: true, error: hit?.downError, connection: hit?.id, atByte: hit?.downBytes },
              hit?.downEndAt ?? at,
            );
            await proxy.patchToxic(name, { toxicity: 0 });
            fault.healed();
          }),
      };
    },

    down: async () => {
      const fault = faults.take('toxiproxy/down');
      fault.armed();
      const open = tap.connections.filter((connection) => connection.open);
      const at = nowMs();
      await tap.refuse();
      await proxy.disable();
      await watch.until('open connections are cut', () => open.every(({ downEnd }) => downEnd), patienceMs);
      if ((await probeRefused(proxy.port)) && (await probeRefused(tap.port))) {
        fault.fired({ refused: proxy.listen, ended: open.map(({ id, downEnd }) => `${id}: ${downEnd}`) }, at);
      }
      return healsOnce(async () => {
        await proxy.enable();
        await tap.accept();
        fault.healed();
      });
    },

    limitBytes: async (bytes) => {
      const before = tap.connections.length;
      return toxic(
        'toxiproxy/limit_data',
        [{ type: 'limit_data', attributes: { bytes } }],
        (fault, armedAt) => {
          const cut = tap.connections
            .slice(before)
            .filter((tapped) => tapped.downEnd && tapped.downBytes === bytes);
          if (cut.length > 0)
            fault.fired({ bytes, cut: cut.map(({ id }) => id) }, cut[0]?.downEndAt ?? armedAt);
        },
      );
    },

    latency: (latencyMs, jitterMs) =>
      toxic(
        'toxiproxy/latency',
        [{ type: 'latency', attributes: { latency: latencyMs, jitter: jitterMs } }],
        (fault, armedAt) => {
          const delays = publicationDelays(watch.records, armedAt);
          const slowestMs = Math.max(0, ...delays);
          // An undisturbed loopback takes a few ms; half the mean is far beyond that, and what chance gives every time
          // when enough publications are measured.
          if (slowestMs >= latencyMs / 2) fault.fired({ slowestMs, measured: delays.length }, armedAt);
        },
      ),

    blackhole: () =>
      toxic(
        'toxiproxy/timeout',
        [
          { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } },
          { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } },
        ],
        (fault, armedAt) => proveWithheld(fault, armedAt),
      ),

    stall: () =>
      toxic('toxiproxy/bandwidth', [{ type: 'bandwidth', attributes: { rate: 0 } }], (fault, armedAt) =>
        proveWithheld(fault, armedAt),
      ),
  };

  /**
   * Not a byte that left the server after the fault was in place has arrived: what was still on its way when it was
   * armed may arrive later, so totals are compared and not times.
   */
  function proveWithheld(fault: FaultLife, armedAt: number): void {
    const before = wireBytes(watch.records, fromServer, armedAt);
    const sent = wireBytes(watch.records, fromServer) - before;
    const arrived = wireBytes(watch.records, (tap) => !fromServer(tap));
    if (sent > 0 && arrived <= before) fault.fired({ sentBytes: sent, arrivedBytes: 0 }, armedAt);
  }
}

function fromServer(tap: string): boolean {
  return tap !== CLIENT_TAP && tap !== '';
}

function tapOf(record: HistoryRecord): string {
  return record.kind === 'wire' && record.direction === 'down' ? record.tap : '';
}

function carries(record: HistoryRecord, id: string | undefined): boolean {
  if (record.kind !== 'wire' || record.base64 === undefined) return false;
  return id !== undefined && carriesId(Buffer.from(record.base64, 'base64').toString('latin1'), id);
}
