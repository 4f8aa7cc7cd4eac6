import type { ClientFact } from '../facts.ts';
import { BOUNDS, countFacts } from './count-facts.ts';

/** One histogram: `buckets[i]` counts values up to `bounds[i]`, not cumulated; values above the last bound are in `count` only. */
export interface HistogramSnapshot {
  readonly bounds: readonly number[];
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** All numbers of a sink, by metric name and then by label value (`""` for a metric without a label). */
export interface MetricsSnapshot {
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly gauges: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Record<string, HistogramSnapshot>>;
}

/** Counts facts. Works wherever JavaScript runs; nothing is global. */
export interface InMemoryMetrics {
  /** For the option `observe`; one sink may observe several clients. */
  readonly observe: (fact: ClientFact) => void;
  /** Everything as plain data: what has not been counted yet is left out. */
  snapshot(): MetricsSnapshot;
  /** Everything in the Prometheus text format 0.0.4, without the optional help texts. */
  text(): string;
}

/** Makes an empty sink. */
export function inMemoryMetrics(): InMemoryMetrics {
  const counters: Record<string, Record<string, number>> = {};
  const gauges: Record<string, number> = {};
  const histograms: Record<string, { bounds: number[]; buckets: number[]; count: number; sum: number }> = {};
  /** What each metric adds to the text. */
  const texts: Array<() => string> = [];
  const observe = countFacts({
    counter(short, label) {
      const name = `sse_client_${short}_total`;
      // Without a prototype: a reason is whatever text a server sent, `constructor` too.
      const counts: Record<string, number> = label ? Object.create(null) : { '': 0 };
      texts.push(() => {
        let text = `# TYPE ${name} counter\n`;
        for (const [value, count] of Object.entries(counts)) {
          text += `${name}${label && `{${label}="${escapeLabel(value)}"}`} ${count}\n`;
        }
        return text;
      });
      return (value = '', by = 1) => {
        counters[name] = counts;
        counts[value] = (counts[value] ?? 0) + by;
      };
    },
    gauge(short) {
      const name = `sse_client_${short}`;
      texts.push(() => `# TYPE ${name} gauge\n${name} ${gauges[name] ?? 0}\n`);
      return (value) => {
        gauges[name] = value;
      };
    },
    histogram(short) {
      const name = `sse_client_${short}_seconds`;
      const buckets = BOUNDS.map(() => 0);
      const numbers = { bounds: BOUNDS, buckets, count: 0, sum: 0 };
      texts.push(() => {
        const { count, sum } = numbers;
        let text = `# TYPE ${name} histogram\n`;
        let below = 0;
        for (const [index, count] of buckets.entries()) {
          below += count;
          text += `${name}_bucket{le="${BOUNDS[index]}"} ${below}\n`;
        }
        return `${text}${name}_bucket{le="+Inf"} ${count}\n${name}_sum ${sum}\n${name}_count ${count}\n`;
      });
      return (ms) => {
        histograms[name] = numbers;
        numbers.count++;
        numbers.sum += ms / 1000;
        const bucket = BOUNDS.findIndex((bound) => ms / 1000 <= bound);
        if (bucket >= 0) buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      };
    },
  });
  return {
    observe,
    snapshot: () => structuredClone({ counters, gauges, histograms }),
    text: () => texts.map((text) => text()).join(''),
  };
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
