import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { findBrowsers } from '../../harness/runner/browsers.ts';
import { type Served, serve } from '../testing/serve.ts';

const PAGE = `<!doctype html><link rel="icon" href="data:,"><script>
  const source = new EventSource('/events');
  source.onmessage = (event) => document.body.append(event.data, ' ');
</script><body>`;

/** Somebody else's application: a count with ids and no kit. `honest`: it resumes from Last-Event-ID. */
function startApp(honest: boolean): Promise<Served> {
  let began = Number.POSITIVE_INFINITY; // sixty events, from when the page has subscribed
  const head = () => Math.max(0, Math.min(60, Math.floor((Date.now() - began) / 100)));
  return serve((request, response) => {
    if (request.url !== '/events') return void response.setHeader('Content-Type', 'text/html').end(PAGE);
    if (/Mozilla/.test(request.headers['user-agent'] ?? '')) began = Math.min(began, Date.now());
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 200\n\n');
    const last = request.headers['last-event-id'];
    // Who does not resume goes on with what is new, and has at least one event too few to show for it.
    let next = last ? (honest ? Number(last) + 1 : Math.max(head(), Number(last) + 1) + 1) : head() + 1;
    const timer = setInterval(() => {
      for (; next <= head(); next++) response.write(`id: ${next}\ndata: ${next}\n\n`);
    }, 50);
    response.on('close', () => clearInterval(timer));
  });
}

const chromium = findBrowsers().find(({ project }) => project === 'chromium');

describe.skipIf(!chromium?.available)('docs/guides/your-own-app.md (needs a Chromium)', () => {
  let app: Served;
  let folder: string;

  afterEach(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs stream.spec.ts by playwright.config.ts, with the Chromium that is installed here. */
  async function play(): Promise<{ code: number | null; output: string }> {
    folder = await mkdtemp(join(import.meta.dirname, '.run-'));
    const use = chromium?.available
      ? { ...(chromium.channel ? { channel: chromium.channel } : {}), launchOptions: chromium.launchOptions }
      : {};
    await writeFile(
      join(folder, 'here.config.ts'),
      `import config from '../playwright.config.ts';
export default { ...config, testDir: '..', outputDir: './out', timeout: 90_000, reporter: 'line', use: { ...config.use, ...${JSON.stringify(use)} } };`,
    );
    const child = spawn(
      process.execPath,
      [
        join(process.cwd(), 'node_modules/@playwright/test/cli.js'),
        'test',
        '-c',
        join(folder, 'here.config.ts'),
      ],
      { env: { ...process.env, APP_URL: app.origin, CI: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { code: code as number | null, output };
  }

  it('stream.spec.ts passes against an application that resumes', async () => {
    app = await startApp(true);
    const { code, output } = await play();
    expect(output).toContain('1 passed');
    expect(code).toBe(0);
  }, 120_000);

  it('stream.spec.ts fails against one that does not, and shows what was lost', async () => {
    app = await startApp(false);
    const { code, output } = await play();
    expect(output).toContain('toHaveNoLoss');
    expect(code).toBe(1);
  }, 120_000);
});
