import type { ClientFact } from '../../../kit/client/facts.ts';
import type { AttemptInfo, CursorStore, connect, StreamEvent } from '../../../kit/client/index.ts';
import { inMemoryMetrics } from '../../../kit/client/metrics/index.ts';
import { fetchTransport } from '../../../kit/client/transport.ts';
import { digest } from '../../history/digest.ts';
import type { HistoryRecord } from '../../history/types.ts';
import { seededRandom } from '../../runner/random.ts';
import { type ClientSettings, HANGS } from '../types.ts';
import { recordOf } from './records.ts';

export interface AgentOptions {
  /** `connect` of the entry for this environment. */
  readonly connect: typeof connect;
  readonly url: string;
  readonly stream: string;
  readonly settings: ClientSettings;
  readonly seed: number;
  /** Name in the history. */
  readonly subject: string;
  /** Where the cursor survives the agent; default nowhere. */
  readonly store?: CursorStore;
  /** See `SubjectStart`. */
  readonly hangsAt?: number;
  readonly record: (record: HistoryRecord) => void;
  /** Sees every fact, for a page that shows them. */
  readonly onFact?: (fact: ClientFact) => void;
}

/** The kit's client under observation, in whatever runs JavaScript. */
export interface Agent {
  /** Prometheus text. */
  metrics(): string;
  /** As a person would by a button, after it gave up. */
  reconnect(): void;
  close(): Promise<void>;
}

export function startAgent(options: AgentOptions): Agent {
  const { subject, settings, record, onFact } = options;
  const now = () => performance.timeOrigin + performance.now();
  const metrics = inMemoryMetrics();

  let handled = 0;
  const processed = (event: StreamEvent) =>
    record({
      at: now(),
      kind: 'processed',
      subject,
      stream: options.stream,
      id: event.id ?? '',
      type: event.type,
      digest: digest(event.data),
      ...(event.redelivery ? { redelivery: true } : {}),
    });

  let refusals = 0;
  const authorization = ({ refresh }: AttemptInfo): Record<string, string> => {
    if (refresh) refusals++;
    const token = settings.tokens[refusals] ?? settings.tokens.at(-1);
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  };

  const stream = options.connect(options.url, {
    name: options.stream,
    retry: { baseMs: settings.retryBaseMs, maxMs: settings.retryMaxMs },
    connectTimeoutMs: settings.connectTimeoutMs,
    liveness: { timeoutMs: settings.livenessTimeoutMs },
    dedupe: { size: settings.dedupeSize },
    order: { late: settings.orderLate },
    ...(settings.tokens.length > 0 ? { headers: authorization } : {}),
    ...(options.store ? { store: options.store } : {}),
    ...(settings.from === undefined ? {} : { from: settings.from }),
    ...(settings.cursor === undefined ? {} : { cursor: settings.cursor }),
    ports: {
      random: seededRandom(options.seed),
      ...(settings.platformFetch ? { transport: fetchTransport() } : {}),
    },
    onEvent: async (event) => {
      if (++handled === options.hangsAt) {
        record({ at: now(), kind: 'note', text: `${HANGS} ${event.id}` });
        await new Promise(() => undefined);
      }
      // A handler that takes a turn of the event loop: a cursor committed before it has finished would show.
      await new Promise((resolve) => setTimeout(resolve, 0));
      processed(event);
      if (event.id === '') record({ at: now(), kind: 'cursor', subject, stream: options.stream, id: null });
    },
    observe: [
      metrics.observe,
      (fact) => {
        const known = recordOf(fact, subject, now());
        if (known) record(known);
        onFact?.(fact);
      },
    ],
  });
  return {
    metrics: () => metrics.text(),
    reconnect: stream.reconnect,
    close: async () => {
      await stream.close();
    },
  };
}
