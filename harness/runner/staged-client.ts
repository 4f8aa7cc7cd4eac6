import type { HistoryRecord } from '../history/types.ts';
import type { Capability } from '../subjects/types.ts';
import type { ActiveFault } from './network.ts';

/** How a client is started. */
export interface StartOptions {
  /** Its cursor outlives it: the next start goes on from there. Needs `store`. */
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
  /** What it declares that it can, for a scenario that expects different things of different clients. */
  can(capability: Capability): boolean;
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
  /** Stops all of it until healed, as a sleeping machine or a frozen page. Needs `sleep`. */
  sleeps(): Promise<ActiveFault>;
  /** Tells it that the machine's network is gone, until healed; the network itself is another fault. Needs `offline`. */
  goesOffline(): Promise<ActiveFault>;
  /** Loads its page again and starts it anew, with the cursor it left in the page's storage. Needs `reload`. */
  reloads(): Promise<void>;
  /** Puts its page into the back/forward cache until healed. Needs `page-cache`. */
  goesAway(): Promise<ActiveFault>;
  /** Tells it to connect again, as a person would by a button. Needs `reconnect`. */
  reconnects(): Promise<void>;
  /** Waits until the wire shows that it has itself ended `count` connections of the run. */
  hangsUp(count: number): Promise<void>;
  /** Waits until it has recognised `count` repetitions. */
  recognised(count: number): Promise<void>;
  /** Waits until `count` whole events have arrived, before dedupe and ordering. */
  received(count: number): Promise<void>;
  /** Ends it for good, before the run ends. */
  leaves(): Promise<void>;
  /** Id of its process, where it has one of its own. */
  pid(): number | undefined;
  /** What was recorded by it of one kind so far. */
  saw<K extends HistoryRecord['kind']>(kind: K): readonly Extract<HistoryRecord, { kind: K }>[];
}
