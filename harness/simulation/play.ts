import type { HistoryRecord } from '../history/types.ts';
import { PLAYED } from '../history/types.ts';
import { act } from './actions.ts';
import { Run, type Tampering } from './run.ts';
import type { Schedule, Step } from './schedule.ts';

/** What a run leaves behind. */
export interface Played {
  readonly history: readonly HistoryRecord[];
  /** For each fault of the schedule, whether it found something to bite. */
  readonly firings: ReadonlyMap<Step, boolean>;
  /** How long it took, in virtual time. */
  readonly virtualMs: number;
}

/** Longest wait for what has to come when all faults are over, in virtual time. */
const PATIENCE_MS = 300_000;

/**
 * Plays a schedule: clients and server up; the steps; all faults over; a last event, waited for; everybody leaves. The
 * same schedule gives the same history, byte for byte.
 */
export async function play(schedule: Schedule, tampering: Tampering = {}): Promise<Played> {
  const run = new Run(schedule, tampering);
  const { clock, clients, recorder, server, network } = run;
  for (const client of clients) client.start();
  await clock.advance(0);
  for (const step of [...schedule.steps].sort((a, b) => a.at - b.at)) {
    await clock.advance(Math.max(0, step.at - clock.monotonic()));
    act(run, step);
  }
  await clock.advance(schedule.setup.quietMs);
  await until(run, () => run.isCalm);
  for (const client of clients) client.heal();
  network.heal();
  recorder.healed();
  // A subscription that has not begun is owed nothing, the last event neither.
  await until(run, () => clients.every(({ hasOpened }) => hasOpened));
  const sentinel = await server.publish(10, true);
  if (schedule.setup.finish === 'end') await server.end();
  await until(run, () => clients.every((client) => client.isThrough(sentinel)));
  recorder.note(PLAYED);
  for (const { handle } of clients) void handle?.close();
  await until(run, () => clients.every(({ isClosed }) => isClosed));
  // The last words of connections that just ended are still on their way.
  await clock.advance(5000);
  server.die();
  return { history: recorder.records, firings: recorder.firings, virtualMs: clock.monotonic() };
}

/** Looks whenever something may have happened. */
async function until({ clock }: Run, isSo: () => boolean): Promise<void> {
  const deadline = clock.monotonic() + PATIENCE_MS;
  // A little more than is left until the next timer: rounded, what is left may never be over.
  while (!isSo() && clock.monotonic() < deadline)
    await clock.advance((clock.nextInMs ?? PATIENCE_MS) + 0.001);
}
