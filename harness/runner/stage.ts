import { SseKitError } from '../../kit/protocol/index.ts';
import { digest } from '../history/digest.ts';
import type { HistoryRecord } from '../history/types.ts';
import { type ClientSettings, HANGS, type Subject, type SubjectSession } from '../subjects/types.ts';
import type { ChildExit } from './child.ts';
import { nowMs } from './clock.ts';
import type { FaultPlan } from './faults.ts';
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
}

/** Everything a scenario may use. */
export interface Stage {
  readonly client: StagedClient;
  readonly network: Network;
  readonly server: {
    /** Ends the process, and proves it by how it ended. */
    kill(): Promise<void>;
    restart(): Promise<void>;
  };
  /** Publishes `count` numbered events and waits until the server has acknowledged all. */
  publish(count: number): Promise<void>;
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
  readonly started: (session: SubjectSession) => void;
}

/** Builds the stage of one run. */
export function createStage(parts: StageParts): Stage & { publishSentinel(): Promise<string> } {
  const { watch, target, subject, network, patienceMs } = parts;
  const seen = <K extends HistoryRecord['kind']>(kind: K) =>
    watch.records.filter((record): record is Extract<HistoryRecord, { kind: K }> => record.kind === kind);
  const reach = (what: string, kind: HistoryRecord['kind'], count: number) =>
    watch.until(`${subject.name} ${what} (${count})`, () => seen(kind).length >= count, patienceMs);

  let session: SubjectSession | undefined;
  const start = async ({ remembers = false, hangsAt }: StartOptions = {}) => {
    session = await subject.start({
      ...(remembers ? { cursorFile: parts.cursorFile } : {}),
      ...(hangsAt === undefined ? {} : { hangsAt }),
      url: network.url(target.url()),
      stream: target.stream,
      settings: parts.settings,
      seed: deriveSeed(parts.seed, subject.name),
      record: watch.add,
    });
    parts.started(session);
  };

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
    publish: async (count) => {
      const publications = Array.from({ length: count }, () => ({
        type: 'tick',
        data: { number: ++number, text: `event ${number}` },
      }));
      await publish(publications, false);
    },
    publishSentinel: async () => {
      const [sentinel] = await publish([{ type: 'sentinel', data: { number: ++number } }], true);
      return sentinel?.id ?? '';
    },
    client: {
      start,
      connects: async () => {
        await start();
        await reach('opened', 'open', 1);
      },
      processed: (count) => reach('processed events', 'processed', count),
      opened: (count) => reach('opened', 'open', count),
      closed: (count) => reach('closed', 'close', count),
      announced: (count) => reach('announced losses', 'announced', count),
      hangs: () =>
        watch.until(
          `${subject.name} is stuck in its handler`,
          () => seen('note').some(({ text }) => text.startsWith(HANGS)),
          patienceMs,
        ),
      kill: async () => {
        const fault = parts.faults.take('process/sigkill-client');
        fault.armed();
        const at = nowMs();
        const exit = await session?.kill?.();
        if (exit?.signal === 'SIGKILL') fault.fired({ signal: exit.signal, pid: exit.pid }, at);
        network.onHeal(async () => fault.healed());
      },
      retried: (count) => reach('scheduled retries', 'retry', count),
      noticedSilence: (count) => reach('noticed silence', 'liveness', count),
      hearsHeartbeats: (count) => reach('heard heartbeats', 'heartbeat', seen('heartbeat').length + count),
    },
    server: {
      kill: async () => {
        const fault = parts.faults.take('process/sigkill');
        fault.armed();
        const at = nowMs();
        const exit: ChildExit & { pid: number } = await target.kill('SIGKILL');
        // The exit status is the kernel's word that this was kill -9 and not a farewell.
        if (exit.signal === 'SIGKILL') fault.fired({ signal: exit.signal, pid: exit.pid }, at);
        network.onHeal(async () => {
          await target.restart();
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
