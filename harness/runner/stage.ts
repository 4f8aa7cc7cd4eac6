import { SseKitError } from '../../kit/protocol/index.ts';
import { digest, digestData } from '../history/digest.ts';
import type { HistoryRecord } from '../history/types.ts';
import { type ClientSettings, HANGS, type Subject, type SubjectSession } from '../subjects/types.ts';
import type { ChildExit } from './child.ts';
import { nowMs } from './clock.ts';
import { clientHangups } from './evidence.ts';
import type { Evidence, FaultLife, FaultPlan } from './faults.ts';
import type { Network } from './network.ts';
import { deriveSeed, type Random } from './random.ts';
import { createSite, type Site } from './site.ts';
import type { StagedClient, StartOptions } from './staged-client.ts';
import { createTally } from './tally.ts';
import type { Acknowledged, Publication, Target } from './target.ts';
import type { HistoryWatch } from './watch.ts';

/** An event as a byte script brings it. */
export interface ScriptedEvent {
  readonly type: string;
  /** Content of `data:`. */
  readonly data: string;
}

/** Everything a scenario may use. */
export interface Stage {
  readonly client: StagedClient;
  /**
   * Another client of the same kind beside the first, in the same page where there is one, with other settings if
   * need be, and on another stream where its token says so. Not started yet. Named `<subject>#2` and so on.
   */
  companion(settings?: Partial<ClientSettings>, stream?: string): StagedClient;
  readonly network: Network;
  /** Bytes that hold the head of a response and a few events: `ours`, if the server is. */
  room(ours: number): number;
  readonly server: {
    /** Ends the process, and proves it by how it ended. */
    kill(): Promise<void>;
    restart(): Promise<void>;
  };
  /** The server's processes, what they depend on, and who else uses them. */
  readonly site: Site;
  /** Publishes `count` numbered events and waits until the server has acknowledged all. */
  publish(count: number, text?: (number: number) => string): Promise<void>;
  /** The same on another tenant's stream. */
  publishTo(stream: string, count: number): Promise<void>;
  /** Takes a fault from the plan that neither the network nor a process has: the environment's own. */
  planned(kind: string): FaultLife;
  /** Declares events that come from a byte script and not from the server: any other that is processed is made up. */
  scripted(events: readonly ScriptedEvent[]): void;
  /** Waits for anything else that the history shows. */
  until(what: string, satisfied: () => boolean): Promise<void>;
  /** What was recorded of one kind so far. */
  seen<K extends HistoryRecord['kind']>(kind: K): readonly Extract<HistoryRecord, { kind: K }>[];
  /** Chance, decided by the run's seed. */
  readonly random: Random;
  note(text: string): void;
}

export interface StageParts {
  readonly watch: HistoryWatch;
  readonly target: Target;
  readonly subject: Subject;
  readonly settings: ClientSettings;
  readonly network: Network;
  readonly faults: FaultPlan;
  readonly seed: number;
  readonly random: Random;
  /** Longest wait for any one event. */
  readonly patienceMs: number;
  /** Where a client that remembers keeps its cursor. */
  readonly cursorFile: string;
  /** Where the client's page comes from, when not from the stream's own origin. */
  readonly pageOrigin?: string;
  /** What has to be asked of a process while it still lives. */
  readonly beforeKill: () => Promise<void>;
  readonly started: (session: SubjectSession, companion: boolean) => void;
}

/** Builds the stage of one run. */
export function createStage(parts: StageParts): Stage & {
  publishSentinel(): Promise<Acknowledged>;
  /**
   * Waits until every client that is still there has processed the event. A server that is not ours goes on: there a later
   * event will do, and what did not come before it is lost.
   */
  everybodyProcessed(sentinel: Acknowledged): Promise<void>;
} {
  const { watch, target, subject, network, patienceMs } = parts;
  const tally = createTally(watch.records);
  const { foreign } = target;
  const seen = <K extends HistoryRecord['kind']>(kind: K) => {
    const isTold = kind === 'produced' && foreign;
    const records = isTold
      ? foreign.truth(watch.records, subject.name, Number.POSITIVE_INFINITY)
      : watch.records;
    return records.filter((record): record is Extract<HistoryRecord, { kind: K }> => record.kind === kind);
  };
  const staged = (
    name: string,
    settings: ClientSettings,
    companion: boolean,
    stream = target.stream,
  ): StagedClient => {
    const saw = <K extends HistoryRecord['kind']>(kind: K) =>
      seen(kind).filter((record) => 'subject' in record && record.subject === name);
    const processedIt = ({ id, at }: Acknowledged) => {
      const ids = foreign ? observedSince(at) : new Set([id]);
      return saw('processed').some((record) => ids.has(record.id));
    };
    const reach = (what: string, kind: HistoryRecord['kind'], count: number) =>
      watch.until(`${name} ${what} (${count})`, () => tally.count(kind, name) >= count, patienceMs);
    let session: SubjectSession | undefined;
    const state = (state: string, cause: string) =>
      watch.add({ at: nowMs(), kind: 'state', subject: name, state, cause });
    /** A fault of the surroundings: it bites at once, and heals once. */
    const happens = async (kind: string, act: () => Promise<Evidence | null>, end: () => Promise<void>) => {
      const fault = parts.faults.take(`life/${kind}`);
      fault.armed();
      const at = nowMs();
      const evidence = await act();
      if (evidence) fault.fired(evidence, at);
      return network.onHeal(async () => {
        await end();
        fault.healed();
      });
    };
    const start = async ({ remembers = false, hangsAt }: StartOptions = {}) => {
      session = await subject.start({
        name,
        ...(remembers ? { cursorFile: parts.cursorFile } : {}),
        ...(hangsAt === undefined ? {} : { hangsAt }),
        ...(parts.pageOrigin === undefined ? {} : { pageOrigin: parts.pageOrigin }),
        url: network.url(target.url()),
        stream,
        settings,
        seed: deriveSeed(parts.seed, name),
        record: watch.add,
      });
      parts.started(session, companion);
      if (stream !== target.stream) sentinels.set(stream, null);
      present.set(name, (last) => processedIt(sentinels.get(stream) ?? last));
    };
    return {
      start,
      saw,
      can: (capability) => subject.capabilities.has(capability),
      pid: () => session?.pid,
      connects: async () => {
        await start();
        await reach('opened', 'open', 1);
      },
      processed: (count) => reach('processed events', 'processed', count),
      received: (count) => reach('received events', 'delivered', count),
      recognised: (count) => reach('recognised repetitions', 'deduped', count),
      opened: (count) => reach('opened', 'open', count),
      closed: (count) => reach('closed', 'close', count),
      announced: (count) => reach('announced losses', 'announced', count),
      retried: (count) => reach('scheduled retries', 'retry', count),
      gaveUp: (count) => reach('gave up', 'give-up', count),
      stopped: (count) =>
        watch.until(
          `${name} stopped (${count})`,
          () => saw('close').filter(({ final }) => final).length >= count,
          patienceMs,
        ),
      hangsUp: (count) =>
        watch.until(
          `${name} closed connections by itself (${count})`,
          () => clientHangups(watch.records) >= count,
          patienceMs,
        ),
      noticedSilence: (count) => reach('noticed silence', 'liveness', count),
      hearsHeartbeats: (count) => {
        // A server that is busy sends none: its events are as good a sign of life.
        const isAny = foreign && !target.capabilities.has('heartbeat');
        const kind = isAny ? 'delivered' : 'heartbeat';
        return reach('heard heartbeats', kind, saw(kind).length + count);
      },
      hangs: () =>
        watch.until(
          `${name} is stuck in its handler`,
          () => seen('note').some(({ text }) => text.startsWith(HANGS)),
          patienceMs,
        ),
      sleeps: async () => {
        const { life } = needed(session);
        return happens(
          'sleep',
          async () => {
            const evidence = await life?.sleep?.();
            state('frozen', 'asleep');
            return evidence ?? null;
          },
          async () => {
            state('awake', 'woken');
            await life?.wake?.();
          },
        );
      },
      goesOffline: async () => {
        const { life } = needed(session);
        return happens(
          'offline',
          async () => (await life?.offline?.(true)) ?? null,
          async () => {
            await life?.offline?.(false);
          },
        );
      },
      reloads: async () => {
        const { life } = needed(session);
        await happens(
          'reload',
          async () => (await life?.reload?.()) ?? null,
          async () => undefined,
        );
        await start({ remembers: true });
      },
      goesAway: async () => {
        const { life } = needed(session);
        const fault = parts.faults.take('life/page-cache');
        fault.armed();
        const at = nowMs();
        await life?.leave?.();
        state('frozen', 'in the back/forward cache');
        return network.onHeal(async () => {
          state('awake', 'out of the back/forward cache');
          const evidence = await life?.comeBack?.();
          if (evidence) fault.fired(evidence, at);
          fault.healed();
        });
      },
      reconnects: async () => {
        await session?.reconnect?.();
      },
      leaves: async () => {
        await session?.stop();
        present.delete(name);
      },
      kill: async () => {
        await parts.beforeKill();
        const fault = parts.faults.take('process/sigkill-client');
        fault.armed();
        const at = nowMs();
        const exit = await session?.kill?.();
        if (exit?.signal === 'SIGKILL') fault.fired({ signal: exit.signal, pid: exit.pid }, at);
        network.onHeal(async () => fault.healed());
      },
    };
  };
  let clients = 1;
  /** Last publication on each stream but the server's own. */
  const sentinels = new Map<string, Acknowledged | null>();
  const present = new Map<string, (sentinel: Acknowledged) => boolean>();
  const observedSince = (since: number) =>
    new Set(
      seen('delivered').flatMap(({ subject, at, id }) =>
        subject === foreign?.observer && at >= since ? [id] : [],
      ),
    );

  let number = 0;
  const publish = async (publications: readonly Publication[], sentinel: boolean, stream = target.stream) => {
    const acknowledged = await publishRecorded(target, watch, stream, publications, sentinel);
    if (acknowledged.length !== publications.length) {
      throw new SseKitError(
        'ERR_PUBLISH',
        `${target.name} acknowledged ${acknowledged.length} of ${publications.length} publications`,
      );
    }
    return acknowledged;
  };

  const nextTick = (text: (n: number) => string): Publication => {
    number += 1;
    return { type: 'tick', data: { number, text: text(number) } };
  };
  const site = createSite({
    ...parts,
    publishOne: async () => {
      await publish([nextTick((n) => `event ${n}`)], false);
    },
    started: (session) => parts.started(session, true),
    enlist: (name, processedIt) => present.set(name, ({ id }) => processedIt(id)),
  });

  return {
    network,
    site,
    random: parts.random,
    room: (ours) => foreign?.roomBytes ?? ours,
    seen,
    note: (text) => watch.add({ at: nowMs(), kind: 'note', text }),
    until: (what, satisfied) => watch.until(what, satisfied, patienceMs),
    publish: async (count, text = (n) => `event ${n}`) => {
      await publish(
        Array.from({ length: count }, () => nextTick(text)),
        false,
      );
    },
    scripted: (events) => {
      for (const { type, data } of events) {
        const { stream } = target;
        watch.add({ at: nowMs(), kind: 'publishing', stream, type, digest: digestData(data) });
      }
    },
    everybodyProcessed: async (sentinel) => {
      for (const [name, processedIt] of present) {
        await watch.until(`${name} processes the sentinel`, () => processedIt(sentinel), patienceMs);
      }
    },
    planned: parts.faults.take,
    publishTo: async (stream, count) => {
      const publications = Array.from({ length: count }, () => ({
        type: 'tick',
        data: { number: ++number, text: `event ${number}` },
      }));
      await publish(publications, false, stream);
    },
    publishSentinel: async () => {
      for (const stream of sentinels.keys()) {
        const [last] = await publish([{ type: 'sentinel', data: { number: ++number } }], true, stream);
        sentinels.set(stream, last ?? null);
      }
      const [sentinel] = await publish([{ type: 'sentinel', data: { number: ++number } }], true);
      if (!sentinel) throw new SseKitError('ERR_PUBLISH', `${target.name} acknowledged no sentinel`);
      return sentinel;
    },
    client: staged(subject.name, parts.settings, false),
    companion: (settings = {}, stream = target.stream) =>
      staged(`${subject.name}#${++clients}`, { ...parts.settings, ...settings }, true, stream),
    server: {
      kill: async () => {
        await parts.beforeKill();
        const fault = parts.faults.take('process/sigkill');
        fault.armed();
        const at = nowMs();
        const exit: ChildExit & { pid: number } = await target.kill('SIGKILL');
        // The exit status is the kernel's word that this was kill -9 and not a farewell.
        if (exit.signal === 'SIGKILL') fault.fired({ signal: exit.signal, pid: exit.pid }, at);
        const refusal = await network.refuseNewConnections();
        network.onHeal(async () => {
          await target.restart();
          await refusal.heal();
          fault.healed();
        });
      },
      restart: () => network.heal(),
    },
  };
}

async function publishRecorded(
  target: Target,
  watch: HistoryWatch,
  stream: string,
  publications: readonly Publication[],
  sentinel: boolean,
) {
  // What a server of its own says of its events is not ours to say.
  if (target.foreign) return target.publish(publications);
  for (const { type, data } of publications) {
    watch.add({ at: nowMs(), kind: 'publishing', stream, type, digest: digest(data) });
  }
  const acknowledged = await target.publish(publications.map((each) => ({ ...each, stream })));
  for (const { id, type, digest, at } of acknowledged) {
    watch.add({ at, kind: 'produced', stream, id, type, digest, ...(sentinel ? { sentinel } : {}) });
  }
  return acknowledged;
}

/** @throws SseKitError `ERR_NOT_STARTED` when the scenario has not started the client. */
function needed(session: SubjectSession | undefined): SubjectSession {
  if (!session) throw new SseKitError('ERR_NOT_STARTED', 'the client was not started');
  return session;
}
