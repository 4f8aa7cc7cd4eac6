import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TOXIPROXY_VERSION } from '../harness/toxiproxy/cache.ts';
import { networkFromEnv } from '../harness/toxiproxy/network.ts';

interface Service {
  readonly image: string;
  readonly ports: readonly string[];
}

interface Job {
  readonly 'timeout-minutes'?: number;
  readonly strategy: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly env?: Readonly<Record<string, string>>;
  readonly services?: Readonly<Record<string, Service>>;
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly if?: string }[];
}

const FILE = '.github/workflows/ci.yml';
const content = readFileSync(FILE, 'utf8');
const workflow = parse(content) as { readonly jobs: Readonly<Record<'checks' | 'e2e', Job>> };
const { checks, e2e } = workflow.jobs;
const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> })
  .scripts;

let parser: typeof import('@actions/workflow-parser');
const folder = mkdtempSync(path.join(tmpdir(), 'workflow-parser-'));

/** The parser imports JSON without the attribute that Node demands, so it is bundled first. */
beforeAll(async () => {
  const outfile = path.join(folder, 'parser.mjs');
  const stdin = { contents: "export * from '@actions/workflow-parser'", resolveDir: process.cwd() };
  await build({
    stdin,
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
  });
  parser = await import(pathToFileURL(outfile).href);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function validate(text: string): Promise<string[]> {
  const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = parser;
  const { context, value } = parseWorkflow({ name: FILE, content: text }, new NoOperationTraceWriter());
  if (value) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map((error) => error.message);
}

describe('the GitHub workflow', () => {
  it("is accepted by GitHub's own parser", async () => {
    expect(await validate(content)).toEqual([]);
  });

  it.each([
    ['an unknown key', content.replace('runs-on:', 'runs-onn:')],
    ['an unknown context', content.replace('matrix.node }}', 'matrx.node }}')],
  ])('would be refused with %s: the check can fail', async (_, broken) => {
    expect(await validate(broken)).not.toEqual([]);
  });

  it('covers every supported Node with checks, and every browser of Playwright with the suite', () => {
    expect(checks.strategy.matrix.node).toEqual([20, 22, 24]);
    expect(e2e.strategy.matrix.node).toEqual([20, 22, 24]);
    expect(e2e.strategy.matrix.browser).toEqual(['chromium', 'firefox', 'webkit']);
  });

  it('runs the suite on a real Toxiproxy and keeps its report even when it fails', () => {
    const { image, ports } = e2e.services?.toxiproxy ?? {};
    expect(image).toBe(`ghcr.io/shopify/toxiproxy:${TOXIPROXY_VERSION}`);
    // Its API and every port that a proxy may listen on are published as the harness is told.
    expect(ports).toContain(`${new URL(e2e.env?.TOXIPROXY_URL ?? '').port}:8474`);
    const range = e2e.env?.TOXIPROXY_LISTEN_PORTS;
    expect(ports).toContain(`${range}:${range}`);
    expect(() => networkFromEnv(e2e.env ?? {})).not.toThrow();
    expect(e2e.steps.some(({ run }) => run?.includes('TOXIPROXY_PUBLIC_HOST='))).toBe(true);
    const upload = e2e.steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact'));
    expect(upload?.if).toContain('!cancelled()');
  });

  it('calls only scripts that exist, and every job has a deadline', () => {
    for (const job of [checks, e2e]) {
      expect(job['timeout-minutes']).toBeLessThanOrEqual(30);
      for (const [, name] of job.steps.flatMap(({ run }) => [...(run ?? '').matchAll(/npm run ([\w-]+)/g)])) {
        expect(scripts).toHaveProperty([name ?? '']);
      }
    }
  });
});
