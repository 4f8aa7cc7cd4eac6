import { SseKitError } from '../../kit/protocol/index.ts';
import { digest, digestData } from '../history/digest.ts';
import type { HistoryRecord } from '../history/types.ts';
import { type ClientSettings, HANGS, type Subject, type SubjectSession } from '../subjects/types.ts';
import type { ChildExit } from './child.ts';
import { nowMs } from './clock.ts';
import type { FaultLife, FaultPlan } from './faults.ts';
import type { Network } from './network.ts';
import { deriveSeed, type Random } from './random.ts';
import type { Publication, Target } from './target.ts';
import type { HistoryWatch } from './watch.ts';

/** How a client is started. */
export interface StartOptions {
  /** Its cursor outlives it: the next start goes on from there. Needs `process`. */
  readonly remembers?: boolean;
  /** Its handler never finishes with the n-th event it is given. Needs `process`. */
  readonly hangsAt?: number;
}

/** The client under test as a scenario sees it: every verb waits for something that it did. */
export interface StagedClient {
  /** Starts it; resolves when it has been told the URL, not when it is connected. */
  start(options?: StartOptions): Promise<void>;
  /** Starts it and waits for its first open. */
  connects(): Promise<void>;
  /** Waits until its handler has finished with `count` events over the run. */
  processed(count: number): Promise<void>;
  /** Waits for the `count`-th open of the run. */
  opened(count: number): Promise<void>;
  /** Waits for the `count`-th end of a connection or attempt. */
  closed(count: number): Promise<void>;
  /** Waits until it has announced `count` losses. */
  announced(count: number): Promise<void>;
  /** Waits until it has scheduled `count` retries. */
  retried(count: number): Promise<void>;
  /** Waits until it has declared its connection dead `count` times. */
  noticedSilence(count: number): Promise<void>;
  /** Waits until its handler is stuck in the event of `hangsAt`. */
  hangs(): Promise<void>;
  /** Kills its process inside whatever it does, and proves it by how it ended. */
  kill(): Promise<void>;
  /** Waits for `count` heartbeats from now on. */
  hearsHeartbeats(count: number): Promise<void>;
  /** Waits until it has given up for the `count`-th time. */
  gaveUp(count: number): Promise<void>;
  /** Waits until it has stopped for the `count`-th time and will not come back by itself. */
  stopped(count: number): Promise<void>;
  /** Tells it to connect again, as a person would by a button. Needs `reconnect`. */
  reconnects(): Promise<void>;
  /** Waits until it has recognised `count` repetitions. */
  recognised(count: number): Promise<void>;
  /** Waits until `count` whole events have arrived, before dedupe and ordering. */
  received(count: number): Promise<void>;
  /** Ends it for good, before the run ends. */
  leaves(): Promise<void>;
  /** What was recorded by it of one kind so far. */
  saw<K extends HistoryRecord['kind']>(kind: K): readonly Extract<HistoryRecord, { kind: K }>[];
}

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
   * need be. Not started yet. Named `<subject>#2` and so on.
   */
  companion(settings?: Partial<ClientSettings>): StagedClient;
  readonly network: Network;
  readonly server: {
    /** Ends the process, and proves it by how it ended. */
    kill(): Promise<void>;
    restart(): Promise<void>;
  };
  /** Publishes `count` numbered events and waits until the server has acknowledged all. */
  publish(count: number, text?: (number: number) => string): Promise<void>;
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
  readonly started: (session: SubjectSession, companion: boolean) => void;
}

/** Builds the stage of one run. */
export function createStage(parts: StageParts): Stage & {
  publishSentinel(): Promise<string>;
  /** Waits until every client that is still there has processed the event. */
  everybodyProcessed(id: string): Promise<void>;
} {
  const { watch, target, subject, network, patienceMs } = parts;
  const seen = <K extends HistoryRecord['kind']>(kind: K) =>
    watch.records.filter((record): record is Extract<HistoryRecord, { kind: K }> => record.kind === kind);
  const staged = (name: string, settings: ClientSettings, companion: boolean): StagedClient => {
    const saw = <K extends HistoryRecord['kind']>(kind: K) =>
      seen(kind).filter((record) => 'subject' in record && record.subject === name);
    const processedIt = (id: string) => saw('processed').some((record) => record.id === id);
    const reach = (what: string, kind: HistoryRecord['kind'], count: number) =>
      watch.until(`${name} ${what} (${count})`, () => saw(kind).length >= count, patienceMs);
    let session: SubjectSession | undefined;
    const start = async ({ remembers = false, hangsAt }: StartOptions = {}) => {
      session = await subject.start({
        name,
        ...(remembers ? { cursorFile: parts.cursorFile } : {}),
        ...(hangsAt === undefined ? {} : { hangsAt }),
        url: network.url(target.url()),
        stream: target.stream,
        settings,
        seed: deriveSeed(parts.seed, name),
        record: watch.add,
      });
      parts.started(session, companion);
      present.set(name, processedIt);
    };
    return {
      start,
      saw,
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
      noticedSilence: (count) => reach('noticed silence', 'liveness', count),
      hearsHeartbeats: (count) => reach('heard heartbeats', 'heartbeat', saw('heartbeat').length + count),
      hangs: () =>
        watch.until(
          `${name} is stuck in its handler`,
          () => seen('note').some(({ text }) => text.startsWith(HANGS)),
          patienceMs,
        ),
      reconnects: async () => {
        await session?.reconnect?.();
      },
      leaves: async () => {
        await session?.stop();
        present.delete(name);
      },
      kill: async () => {
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
  const present = new Map<string, (id: string) => boolean>();

  let number = 0;
  const publish = async (publications: readonly Publication[], sentinel: boolean) => {
    const acknowledged = await publishRecorded(target, watch, publications, sentinel);
    if (acknowledged.length !== publications.length) {
      throw new SseKitError(
        'ERR_PUBLISH',
        `${target.name} acknowledged ${acknowledged.length} of ${publications.length} publications`,
      );
    }
    return acknowledged;
  };

  return {
    network,
    random: parts.random,
    seen,
    note: (text) => watch.add({ at: nowMs(), kind: 'note', text }),
    until: (what, satisfied) => watch.until(what, satisfied, patienceMs),
    publish: async (count, text = (n) => `event ${n}`) => {
      const publications = Array.from({ length: count }, () => ({
        type: 'tick',
        data: { number: ++number, text: text(number) },
      }));
      await publish(publications, false);
    },
    scripted: (events) => {
      for (const { type, data } of events) {
        const { stream } = target;
        watch.add({ at: nowMs(), kind: 'publishing', stream, type, digest: digestData(data) });
      }
    },
    everybodyProcessed: async (id) => {
      for (const [name, processedIt] of present) {
        await watch.until(`${name} processes the sentinel`, () => processedIt(id), patienceMs);
      }
    },
    planned: parts.faults.take,
    publishSentinel: async () => {
      const [sentinel] = await publish([{ type: 'sentinel', data: { number: ++number } }], true);
      return sentinel?.id ?? '';
    },
    client: staged(subject.name, parts.settings, false),
    companion: (settings = {}) =>
      staged(`${subject.name}#${++clients}`, { ...parts.settings, ...settings }, true),
    server: {
      kill: async () => {
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
  publications: readonly Publication[],
  sentinel: boolean,
) {
  const { stream } = target;
  for (const { type, data } of publications) {
    watch.add({ at: nowMs(), kind: 'publishing', stream, type, digest: digest(data) });
  }
  const acknowledged = await target.publish(publications);
  for (const { id, type, digest, at } of acknowledged) {
    watch.add({ at, kind: 'produced', stream, id, type, digest, ...(sentinel ? { sentinel } : {}) });
  }
  return acknowledged;
}
