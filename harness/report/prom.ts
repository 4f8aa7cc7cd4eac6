import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Verdict } from '../oracle/types.ts';

/** One gauge with its samples. */
export interface Gauge {
  /** `[a-zA-Z_:][a-zA-Z0-9_:]*` */
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** Labels that name a run in every sample of its snapshot. */
export interface RunLabels {
  readonly scenario: string;
  readonly subject: string;
  readonly server: string;
}

/**
 * What the oracle measured, as gauges: the verdict (1 true, 0 false, -1 unknown), the same per check, and each count
 * of each check that looked at something.
 */
export function scenarioGauges(verdict: Verdict, run: RunLabels, durationMs: number): readonly Gauge[] {
  const labels = { ...run };
  const checks = Object.entries(verdict.checks);
  return [
    {
      name: 'sse_scenario_verdict',
      help: 'Verdict of the run: 1 true, 0 false, -1 unknown.',
      samples: [{ labels, value: score(verdict.verdict) }],
    },
    {
      name: 'sse_scenario_duration_seconds',
      help: 'How long the run took.',
      samples: [{ labels, value: durationMs / 1000 }],
    },
    {
      name: 'sse_scenario_check',
      help: 'Result of one check of the oracle: 1 true, 0 false, -1 unknown.',
      samples: checks.map(([check, result]) => ({
        labels: { ...labels, check },
        value: score(result.valid),
      })),
    },
    {
      name: 'sse_scenario_count',
      help: 'A number that a check counted or measured; names ending in Ms are milliseconds.',
      samples: checks
        .filter(([, result]) => result.applied)
        .flatMap(([check, result]) =>
          Object.entries(result.counts).map(([count, value]) => ({
            labels: { ...labels, check, count },
            value,
          })),
        ),
    },
  ];
}

/**
 * Renders gauges as text.
 * @param format `prometheus` (text format 0.0.4, default) or `openmetrics` (1.0, which ends with `# EOF`).
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 * @throws Error for a metric or label name that the format does not know.
 */
export function renderGauges(
  gauges: readonly Gauge[],
  format: 'prometheus' | 'openmetrics' = 'prometheus',
): string {
  const blocks = gauges.map(({ name, help, samples }) => {
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name))
      throw new Error(`not a metric name: ${JSON.stringify(name)}`);
    const lines = samples.map(({ labels = {}, value }) => `${name}${renderLabels(labels)} ${number(value)}`);
    // OpenMetrics 1.0 escapes quotes in help as well; in 0.0.4 a backslash before a quote is shown as it is.
    const text = help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
    const shown = format === 'openmetrics' ? text.replace(/"/g, '\\"') : text;
    const head = [`# HELP ${name} ${shown}`, `# TYPE ${name} gauge`];
    if (format === 'openmetrics') head.reverse();
    return [...head, ...lines].join('\n');
  });
  return `${blocks.join('\n')}\n${format === 'openmetrics' ? '# EOF\n' : ''}`;
}

/** Writes `scenario.prom` (or any other path); folders are made. A path that ends in `.om` gets OpenMetrics. */
export function writeSnapshot(path: string, gauges: readonly Gauge[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, renderGauges(gauges, path.endsWith('.om') ? 'openmetrics' : 'prometheus'));
}

function score(valid: Verdict['verdict']): number {
  if (valid === 'unknown') return -1;
  return valid ? 1 : 0;
}

function renderLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) throw new Error(`not a label name: ${JSON.stringify(name)}`);
    return `${name}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
  });
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
