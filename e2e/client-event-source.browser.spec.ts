import { expect, test } from '@playwright/test';
import type { ReliableEventSource } from '../kit/client/index.ts';
import { type Exchange, type ScriptedServer, scriptedServer } from '../kit/testing/index.ts';
import { clientPage } from './client-page.ts';

/** The browser's EventSource and the kit's, side by side on the same bytes. */
type Client = 'native' | 'kit';

interface ByteScript {
  readonly name: string;
  /** Chunks of each response in turn; after the last one comes 204, which ends both clients. */
  readonly responses: ReadonlyArray<ReadonlyArray<string | Uint8Array>>;
}

const utf8 = new TextEncoder().encode('data: \u{1F600}é\n\n');

/** Scripts on which both have to agree, in every browser: WHATWG HTML 9.2.5 and 9.2.6. */
const SAME: readonly ByteScript[] = [
  {
    name: 'names, several data lines, comments, unknown fields',
    responses: [[': comment\nfoo: bar\ndata: a\n\nevent: tick\ndata: b\ndata\ndata:c\ndata:  d\n\n']],
  },
  {
    name: 'every line ending',
    responses: [['data: a\r\n\r\n', 'data: b\r\r', 'data: c\n\n', 'data: d\r\n\ndata: e\r\n', '\r\n']],
  },
  { name: 'CRLF split between chunks', responses: [['data: a\r', '\ndata: b\r', '\n\r', '\ndata: c\n\n']] },
  {
    name: 'one byte order mark at the very beginning',
    responses: [['\u{FEFF}data: a\n\n\u{FEFF}data: b\n\ndata: c\n\n']],
  },
  {
    name: 'a character split between chunks',
    responses: [[utf8.slice(0, 8), utf8.slice(8, 11), utf8.slice(11)]],
  },
  {
    name: 'an id that stays until it is changed or emptied',
    responses: [
      ['data: a\n\nid: 1\ndata: b\n\ndata: c\n\nid: 2\nevent: tick\ndata: d\n\nid\ndata: e\n\ndata: f\n\n'],
    ],
  },
  { name: 'an id that stays over a reconnect', responses: [['id: 7\ndata: a\n\n'], ['data: b\n\n']] },
  { name: 'an id that is not Latin-1', responses: [['id: \u{2603}\ndata: a\n\n'], ['data: b\n\n']] },
  {
    name: 'an event without its blank line',
    responses: [['id: 1\ndata: a\n\nid: 2\ndata: b\n'], ['id: 2\ndata: b\n\n']],
  },
  {
    name: 'events without data, and with empty data',
    responses: [['event: tick\n\ndata\n\ndata:\n\nevent: tick\ndata: a\n\n']],
  },
  {
    name: 'an event name that is a name of the platform',
    responses: [['event: error\ndata: a\n\nevent: open\ndata: b\n\n']],
  },
  { name: 'retry, valid and not', responses: [['retry: 5x\nretry: 20\ndata: a\n\n'], ['data: b\n\n']] },
];

interface Log {
  readonly events: readonly string[];
  readonly cursors: ReadonlyArray<string | null>;
}

async function serveScript(script: ByteScript, html: string): Promise<ScriptedServer> {
  const counts = new Map<string, number>();
  return scriptedServer(async (exchange: Exchange) => {
    if (exchange.url === '/app') {
      exchange.response.writeHead(200, { 'content-type': 'text/html' }).end(html);
      return;
    }
    const at = counts.get(exchange.url) ?? 0;
    counts.set(exchange.url, at + 1);
    const chunks = script.responses[at];
    if (!chunks) {
      exchange.response.writeHead(204).end();
      return;
    }
    exchange.open();
    for (const chunk of chunks) await exchange.write(chunk);
    // A line of its own at the very end, so that nobody waits for the browsers' 3 and 5 s between responses.
    exchange.end('retry: 20\n');
  });
}

for (const script of SAME) {
  test(`EventSource and ReliableEventSource agree on ${script.name}`, async ({ page }) => {
    const server = await serveScript(script, await clientPage());
    try {
      const { origin } = new URL(server.url);
      await page.goto(`${origin}/app`);
      const run = async (client: Client): Promise<Log> => {
        const events = await page.evaluate(record, client);
        const asked = server.exchanges.filter(({ url }) => url === `/${client}`);
        return { events, cursors: asked.map(({ lastEventId }) => lastEventId) };
      };
      const native = await run('native');
      expect(native.events.length).toBeGreaterThan(2);
      expect(native.events.at(-1)).toBe('Event error CLOSED');
      expect(await run('kit')).toEqual(native);
    } finally {
      await server.close();
    }
  });
}

test('what differs, differs as documented', async ({ page, browserName }) => {
  const script: ByteScript = {
    name: 'divergences',
    responses: [
      ['id: 1\ndata: a\n\nid: 1\ndata: again\n\nevent: stream.future\ndata: c\n\nid: 2\n\n'],
      ['data: b\n\n'],
    ],
  };
  const server = await serveScript(script, await clientPage());
  try {
    await page.goto(`${new URL(server.url).origin}/app`);
    const native = await page.evaluate(record, 'native' as Client);
    const kit = await page.evaluate(record, 'kit' as Client);
    const cursors = (client: Client) =>
      server.exchanges.filter(({ url }) => url === `/${client}`).map(({ lastEventId }) => lastEventId);
    // An id that was handled is a duplicate to the kit, even if the server meant it.
    expect(native).toContain('MessageEvent message again id=1 origin');
    expect(kit).not.toContain('MessageEvent message again id=1 origin');
    // `id:` without `data:` moves the cursor, as the specification wants; not in Firefox.
    expect(cursors('native')[1]).toBe(browserName === 'firefox' ? '1' : '2');
    expect(cursors('kit')[1]).toBe('2');
  } finally {
    await server.close();
  }
});

test('a 503 closes the platform for good; the kit comes back', async ({ page }) => {
  const html = await clientPage();
  const seen = new Set<string>();
  const server = await scriptedServer((exchange) => {
    const { response, url } = exchange;
    if (url === '/app') void response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    else if (!seen.has(url)) void response.writeHead(503).end();
    else if (seen.has(`${url} again`)) void response.writeHead(204).end();
    else exchange.end('data: a\n\n');
    if (seen.has(url)) seen.add(`${url} again`);
    seen.add(url);
  });
  try {
    await page.goto(`${new URL(server.url).origin}/app`);
    expect(await page.evaluate(record, 'native' as Client)).toEqual(['Event error CLOSED']);
    expect(await page.evaluate(record, 'kit' as Client)).toEqual([
      'Event error CONNECTING',
      'Event open OPEN',
      'MessageEvent message a id= origin',
      'Event error CONNECTING',
      'Event error CLOSED',
    ]);
  } finally {
    await server.close();
  }
});

/** Runs in the page: what one client fires until it is closed. */
function record(client: 'native' | 'kit'): Promise<string[]> {
  const { kit } = window as unknown as { kit: { ReliableEventSource: typeof ReliableEventSource } };
  const source: EventSource =
    client === 'native'
      ? new EventSource('/native')
      : new kit.ReliableEventSource('/kit', { retry: { baseMs: 10, maxMs: 1000 } });
  const log: string[] = [];
  return new Promise((resolve) => {
    const listen = (event: Event): void => {
      if (event instanceof MessageEvent) {
        const origin = event.origin === location.origin ? 'origin' : event.origin;
        log.push(`MessageEvent ${event.type} ${event.data} id=${event.lastEventId} ${origin}`);
        return;
      }
      const state = ['CONNECTING', 'OPEN', 'CLOSED'][source.readyState];
      log.push(`Event ${event.type} ${state}`);
      if (source.readyState === source.CLOSED) resolve(log);
    };
    for (const type of ['open', 'error', 'message', 'tick']) source.addEventListener(type, listen);
  });
}
