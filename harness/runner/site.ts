import { SseKitError } from '../../kit/protocol/index.ts';
import type { HistoryRecord } from '../history/types.ts';
import { startKitCrowd } from '../subjects/kit-crowd.ts';
import type { ClientSettings, SubjectSession } from '../subjects/types.ts';
import { nowMs } from './clock.ts';
import { probeRefused } from './evidence.ts';
import type { FaultPlan } from './faults.ts';
import type { ActiveFault, Network } from './network.ts';
import { residentBytes } from './process-memory.ts';
import type { Publication, Target } from './target.ts';
import type { HistoryWatch } from './watch.ts';

/** Many clients of the kit in one process; the oracle judges each of them. */
export interface Crowd {
  readonly names: readonly string[];
  /** Waits until each has opened so many times. */
  opened(count: number): Promise<void>;
  /** Waits until each has finished with so many events. */
  processed(count: number): Promise<void>;
  /** When each attempt to connect began, of all of them, in order, in unix ms. */
  attemptsSince(at: number): readonly number[];
}

/** The server's side of a run: its processes, what they depend on, and who else uses them. */
export interface Site {
  /** The stream's URL without any network in between, for bystanders. */
  url(): string;
  /** The same past a proxy that stands in front of the server. */
  directUrl(): string;
  /** Ends the server by SIGTERM, as an orchestrator does, and waits until its process is gone. `restart` undoes it. */
  terminate(): Promise<{ readonly code: number | null; readonly tookMs: number }>;
  /** Replaces one of several nodes: out of the rotation, SIGTERM, a new process, back in. */
  replaceNode(index: number): Promise<void>;
  /** Kills Redis; healing starts it again. */
  killRedis(): Promise<ActiveFault>;
  /** Publishes one event after the other while `act` runs. What the server does not acknowledge is not owed. */
  publishWhile(act: () => Promise<void>): Promise<{ readonly acknowledged: number; readonly failed: number }>;
  /** Publishes what must be refused; gives what the server said. */
  refuses(publication: Publication): Promise<string>;
  /** Starts many clients in one process; `direct` spares the network under test (and the history its bytes). */
  crowd(count: number, options?: { settings?: Partial<ClientSettings>; direct?: boolean }): Promise<Crowd>;
  /** Writes samples of the server's resident memory as `server.rss` until the run heals. */
  watchMemory(): Promise<void>;
  /** The same of any process, under another name. */
  watchMemoryOf(name: string, pid: number): Promise<void>;
  /** How many events the slowest connection is behind. */
  maxBehind(): Promise<number>;
  /** Writes a measured number to the history. */
  sample(name: string, value: number, unit: 'bytes' | 'ms' | 'count'): void;
}

export interface SiteParts {
  readonly target: Target;
  readonly network: Network;
  readonly watch: HistoryWatch;
  readonly faults: FaultPlan;
  readonly settings: ClientSettings;
  readonly seed: number;
  readonly patienceMs: number;
  readonly beforeKill: () => Promise<void>;
  readonly publishOne: () => Promise<void>;
  readonly started: (session: SubjectSession) => void;
  /** Enlists a client that must process the sentinel, too. */
  readonly enlist: (name: string, processedIt: (id: string) => boolean) => void;
}

const SAMPLE_MS = 100;
/** Pause after a publication that failed: the next one is worth trying then. */
const REPUBLISH_MS = 50;

export function createSite(parts: SiteParts): Site {
  const { target, network, watch, faults, patienceMs } = parts;
  const missing = (what: string) => new SseKitError('ERR_SCENARIO', `${target.name} has no ${what}`);
  const sample: Site['sample'] = (name, value, unit) =>
    watch.add({ at: nowMs(), kind: 'sample', name, value, unit });

  const terminated = async (end: () => Promise<{ code: number | null; pid: number }>) => {
    await parts.beforeKill();
    const fault = faults.take('process/sigterm');
    fault.armed();
    const at = nowMs();
    const { code, pid } = await end();
    const tookMs = nowMs() - at;
    fault.fired({ pid, code, tookMs }, at);
    return { fault, code, tookMs };
  };

  const watchMemoryOf = async (name: string, pid: number) => {
    sample(name, await residentBytes(pid), 'bytes');
    let over = false;
    const loop = (async () => {
      while (!over) {
        await pause(SAMPLE_MS);
        if (!over) sample(name, await residentBytes(pid), 'bytes');
      }
    })();
    network.onHeal(async () => {
      over = true;
      await loop;
    });
  };

  return {
    sample,
    url: target.url,
    directUrl: () => (target.directUrl ?? target.url)(),
    watchMemoryOf,
    watchMemory: async () => {
      const pid = target.pid?.();
      if (pid === undefined) throw missing('process of its own');
      await watchMemoryOf('server.rss', pid);
    },
    maxBehind: async () => {
      if (!target.maxBehind) throw missing('word on how far connections are behind');
      return target.maxBehind();
    },
    terminate: async () => {
      const { fault, code, tookMs } = await terminated(() => target.kill('SIGTERM'));
      const refusal = await network.refuseNewConnections();
      network.onHeal(async () => {
        await target.restart();
        await refusal.heal();
        fault.healed();
      });
      return { code, tookMs };
    },
    replaceNode: async (index) => {
      const { replaceNode } = target;
      if (!replaceNode) throw missing('nodes to replace');
      const { fault } = await terminated(() => replaceNode(index));
      fault.healed();
    },
    killRedis: async () => {
      const { redis } = target;
      if (!redis) throw missing('Redis behind it');
      const fault = faults.take('process/sigkill-redis');
      fault.armed();
      const at = nowMs();
      const pid = await redis.kill();
      if (await probeRefused(redis.port)) fault.fired({ pid, refused: redis.port }, at);
      let healed: Promise<void> | undefined;
      const heal = () => {
        healed ??= redis.start().then(() => fault.healed());
        return healed;
      };
      network.onHeal(heal);
      return { heal };
    },
    publishWhile: async (act) => {
      let over = false;
      const done = act().finally(() => {
        over = true;
      });
      let acknowledged = 0;
      let failed = 0;
      while (!over) {
        try {
          await parts.publishOne();
          acknowledged++;
        } catch (error) {
          if (failed++ === 0) watch.add({ at: nowMs(), kind: 'note', text: `not published: ${error}` });
          await pause(REPUBLISH_MS);
        }
      }
      await done;
      return { acknowledged, failed };
    },
    refuses: async (publication) => {
      try {
        await target.publish([publication]);
      } catch (error) {
        return String(error);
      }
      return '';
    },
    crowd: async (count, { settings = {}, direct = false } = {}) => {
      const names = Array.from({ length: count }, (_, index) => `crowd#${index + 1}`);
      const tallies = { open: new Map<string, number>(), processed: new Map<string, number>() };
      const seen = new Map<string, Set<string>>();
      const attempts: number[] = [];
      const session = await startKitCrowd(names, {
        url: direct ? target.url() : network.url(target.url()),
        stream: target.stream,
        settings: { ...parts.settings, ...settings },
        seed: parts.seed,
        record: (record: HistoryRecord) => {
          if (record.kind === 'open' || record.kind === 'processed') {
            const tally = tallies[record.kind];
            tally.set(record.subject, (tally.get(record.subject) ?? 0) + 1);
          }
          if (record.kind === 'processed') {
            const by = seen.get(record.id) ?? new Set();
            seen.set(record.id, by.add(record.subject));
          }
          if (record.kind === 'state' && record.state === 'connecting') attempts.push(record.at);
          watch.add(record);
        },
      });
      parts.started(session);
      for (const name of names) parts.enlist(name, (id) => seen.get(id)?.has(name) ?? false);
      const all = (what: string, tally: ReadonlyMap<string, number>, times: number) =>
        watch.until(
          `each of ${count} ${what} (${times})`,
          () => names.every((name) => (tally.get(name) ?? 0) >= times),
          patienceMs,
        );
      return {
        names,
        opened: (times) => all('opened', tallies.open, times),
        processed: (times) => all('processed events', tallies.processed, times),
        attemptsSince: (at) => attempts.filter((each) => each >= at).sort((a, b) => a - b),
      };
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Most values within any window of this length. */
export function busiestWindow(times: readonly number[], windowMs: number): number {
  let start = 0;
  let most = 0;
  times.forEach((at, end) => {
    while ((times[start] ?? at) <= at - windowMs) start++;
    most = Math.max(most, end + 1 - start);
  });
  return most;
}

/** A quantile of measured values, 0 to 1; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
