import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { clientMetrics } from './client-metrics.ts';
import { CLIENT_FACTS, SERVER_FACTS } from './facts.fixture.ts';
import { promtool } from './promtool.fixture.ts';
import { serverMetrics } from './server-metrics.ts';

const FOLDER = join(import.meta.dirname, '../../observability');

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly query: string }[] };
}
interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

const dashboard = JSON.parse(readFileSync(join(FOLDER, 'grafana-dashboard.json'), 'utf8')) as Dashboard;
const rules = (parse(readFileSync(join(FOLDER, 'alerts.rules.yml'), 'utf8')) as Rules).groups.flatMap(
  (group) => group.rules,
);
const expressions = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: title, expr })),
  ),
  ...dashboard.annotations.list.map(({ expr }) => ({ where: 'annotation', expr })),
];

/** Metric names with the labels each has, histograms with the names of their parts. */
async function registered(): Promise<Map<string, ReadonlySet<string>>> {
  const registry = new Registry();
  const server = serverMetrics({ registry, streams: () => [] });
  const client = clientMetrics({ registry });
  for (const fact of Object.values(SERVER_FACTS)) server(fact);
  for (const fact of CLIENT_FACTS) client(fact);
  const names = new Map<string, ReadonlySet<string>>();
  for (const line of (await registry.metrics()).split('\n')) {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (!name || line.startsWith('#')) continue;
    names.set(name, new Set([...labels.matchAll(/(\w+)="/g)].map(([, label]) => label ?? '')));
  }
  return names;
}

/** Metrics in a PromQL expression, each with the labels that are matched on it. */
function queried(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/\b(sse_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', matchers = '']) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*[=!]/g)]
      .map(([, label]) => label ?? '')
      .filter((l) => l !== 'instance'),
  }));
}

describe('the dashboard', () => {
  it('asks only for metrics and labels that exist', async () => {
    const names = await registered();
    expect(expressions.length).toBeGreaterThan(40);
    for (const { where, expr } of expressions) {
      expect(queried(expr).length, where).toBeGreaterThan(0);
      for (const { name, labels } of queried(expr)) {
        expect([...names.keys()], `${where}: ${expr}`).toContain(name);
        for (const label of labels)
          expect([...(names.get(name) ?? [])], `${where}: ${expr}`).toContain(label);
      }
      for (const [, grouped = ''] of expr.matchAll(/by \(([^)]*)\)/g)) {
        const known = new Set([
          'instance',
          ...queried(expr).flatMap(({ name }) => [...(names.get(name) ?? [])]),
        ]);
        for (const label of grouped.split(', ')) expect([...known], `${where}: ${expr}`).toContain(label);
      }
    }
  });

  it('shows every metric that is registered', async () => {
    const base = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');
    const shown = new Set(expressions.flatMap(({ expr }) => queried(expr)).map(({ name }) => base(name)));
    const all = new Set([...(await registered()).keys()].map(base));
    const unseen = [...all].filter((name) => !shown.has(name));
    // Each has its numbers by cause, code or reason elsewhere on the page.
    expect(unseen.toSorted()).toEqual([
      'sse_client_cannot_resume_total',
      'sse_client_disconnects_total',
      'sse_client_errors_total',
      'sse_client_heartbeats_total',
    ]);
  });

  it('holds expressions that Prometheus can parse', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
    try {
      const file = join(folder, 'rules.yml');
      const records = expressions.map(({ expr }, i) => ({
        record: `panel:${i}`,
        expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
      }));
      writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: records }] }));
      expect(promtool(['check', 'rules', file])).toMatchObject({ ok: true });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('has panels with distinct ids that do not overlap', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [i, { gridPos: a, title }] of dashboard.panels.entries()) {
      for (const { gridPos: b, title: other } of dashboard.panels.slice(i + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart, `${title} / ${other}`).toBe(true);
      }
    }
  });
});

describe('the alerts', () => {
  it('ask only for metrics that exist', async () => {
    const names = await registered();
    for (const { alert, expr } of rules) {
      for (const { name } of queried(expr)) expect([...names.keys()], alert).toContain(name);
    }
  });

  it('satisfy `promtool check rules`', () => {
    const { ok, output } = promtool(['check', 'rules', join(FOLDER, 'alerts.rules.yml')]);
    expect(output).toContain(`${rules.length} rules found`);
    expect(ok).toBe(true);
  });

  it('fire and stay silent as `promtool test rules` expects, each of them', () => {
    const file = join(FOLDER, 'alerts.test.yml');
    expect(promtool(['test', 'rules', file])).toMatchObject({ ok: true });
    const tests = readFileSync(file, 'utf8');
    for (const { alert } of rules) expect(tests, 'an alert without a test').toContain(alert);
  });
});
