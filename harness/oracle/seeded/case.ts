import type { HistoryProblem } from '../../history/reader.ts';
import type { HistoryRecord } from '../../history/types.ts';
import { STRICT, T0 } from '../testing/build.ts';
import type { Budget, CheckName, Expectation, Records } from '../types.ts';

/** A history with one lie in it, and the one check that must convict. */
export interface SeededBug {
  readonly lie: string;
  readonly convicts: CheckName;
  /** `unknown` where the lie makes the run worthless instead of wrong. Default `false`. */
  readonly as?: 'unknown';
  readonly history: () => Records;
  readonly expectation?: Expectation;
  readonly problems?: readonly HistoryProblem[];
}

/** The strict expectation with some fields replaced. */
export function expecting(change: Partial<Expectation>): Expectation {
  return { ...STRICT, ...change };
}

/** The strict expectation without some limits. */
export function unbudgeted(names: readonly (keyof Budget)[], change: Partial<Expectation> = {}): Expectation {
  const kept = Object.entries(STRICT.budget ?? {}).filter(([name]) => !names.some((each) => each === name));
  return { ...STRICT, budget: Object.fromEntries(kept), ...change };
}

/** Unix ms of a time after the start. */
export function at(afterMs: number): number {
  return T0 + afterMs;
}

/** A request of the subject `kit` on the stream `s`. */
export function request(
  afterMs: number,
  lastEventId: string | null,
  connection = `x${afterMs}`,
): HistoryRecord {
  return {
    at: at(afterMs),
    kind: 'request',
    subject: 'kit',
    stream: 's',
    connection,
    method: 'GET',
    url: '/s',
    lastEventId,
  };
}

/** One attempt of the subject `kit` that left as many requests, each on a connection that ended with no byte in answer. */
export function resends(count: number, answered?: 'answered'): readonly HistoryRecord[] {
  const wire = { kind: 'wire', tap: 't', direction: 'down' } as const;
  const sent = Array.from({ length: count }, (_, i): HistoryRecord[] => {
    const afterMs = 1070 + i * 4;
    const connection = `resent${i}`;
    const bytes = Buffer.from('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n');
    return [
      request(afterMs, 'epochAAA.10', connection),
      ...(answered
        ? [
            {
              ...wire,
              at: at(afterMs + 1),
              connection,
              event: 'bytes' as const,
              bytes: bytes.length,
              base64: bytes.toString('base64'),
            },
          ]
        : []),
      { ...wire, at: at(afterMs + 2), connection, event: 'fin' },
    ];
  });
  return [{ at: at(1065), kind: 'state', subject: 'kit', state: 'connecting' }, ...sent.flat()];
}
