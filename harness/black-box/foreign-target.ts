import { SseKitError } from '../../kit/protocol/index.ts';
import type { HistoryRecord } from '../history/types.ts';
import { subscribedWithFirst, withObservedTruth, withoutTail } from '../oracle/index.ts';
import type { Foreign, StartTarget, Target } from '../runner/target.ts';
import type { HistoryWatch } from '../runner/watch.ts';
import type { Capability } from '../subjects/types.ts';
import { CONTROL, startControlObserver } from './control-observer.ts';
import type { Look } from './look.ts';
import { asServerWants, type Question } from './question.ts';

/**
 * A server that is not ours, as a target of scenarios: nothing of it is controlled. Its events come by themselves, so
 * `publish` waits for as many as were to be published, and what the control observer sees is what was produced.
 * @param patienceMs longest wait for the events of one `publish`.
 */
export function foreignTarget(question: Question, look: Look, patienceMs: number): StartTarget {
  return async (_settings, watch) => {
    const observer = await startControlObserver(question, watch, patienceMs);
    const { url } = question;
    const name = url.host;
    const unable = async (): Promise<never> => {
      throw new SseKitError('ERR_SCENARIO', `${name} is not ours to stop`);
    };
    return {
      name,
      version: 'unknown',
      capabilities: capabilitiesOf(look),
      stream: url.pathname,
      url: () => url.href,
      publish: ({ length }) => nextEvents(watch, length, patienceMs),
      kill: unable,
      restart: unable,
      metricsText: async () => '',
      log: () => '',
      stop: observer.stop,
      foreign: foreignOf(question, look),
    } satisfies Target;
  };
}

/** What a look tells of a server. That it replays is what is tried. */
function capabilitiesOf(look: Look): ReadonlySet<Capability> {
  return new Set<Capability>(['replay', ...(look.heartbeats > 0 ? ['heartbeat' as const] : [])]);
}

function foreignOf(question: Question, { roomBytes }: Look): Foreign {
  return {
    observer: CONTROL,
    ask: (request) => asServerWants(question, request),
    roomBytes,
    truth: (history, subject, playedTo) =>
      withoutTail(subscribedWithFirst(withObservedTruth(history, CONTROL), subject), playedTo),
  };
}

async function nextEvents(watch: HistoryWatch, count: number, patienceMs: number) {
  const begin = watch.records.length;
  const came = () => watch.records.slice(begin).filter(isObserved);
  await watch.until(`the server sends ${count} events`, () => came().length >= count, patienceMs);
  return came()
    .slice(0, count)
    .map(({ id, type, digest, at }) => ({ id, type, digest, at }));
}

function isObserved(record: HistoryRecord): record is Extract<HistoryRecord, { kind: 'delivered' }> {
  return record.kind === 'delivered' && record.subject === CONTROL;
}
