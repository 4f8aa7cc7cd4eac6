import type { StreamHandle } from 'sse-reliability-kit/client';
import { nodeHandler } from 'sse-reliability-kit/node-http';
import type { StreamHub } from 'sse-reliability-kit/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Served, serve } from '../testing/serve.ts';
import { followInbox, type TokenSource } from './client.ts';
import { type Claims, createInboxes } from './server.ts';

let valid: Map<string, Claims>;
let inboxes: StreamHub;
let served: Served;
let client: StreamHandle<{ mail: string }> | null = null;

beforeEach(async () => {
  valid = new Map();
  inboxes = createInboxes(async (token) => valid.get(token) ?? null);
  served = await serve(nodeHandler((request) => inboxes.stream(request.url?.slice(1) ?? '')));
});

afterEach(async () => {
  await client?.close();
  await inboxes.close();
  await served.close();
});

/** A token service that gives `token-1`, `token-2` … and says which way each was asked for. */
function tokens(lifeMs: number): TokenSource & { readonly asked: string[] } {
  const asked: string[] = [];
  let cached = 'stale';
  const renew = async () => {
    asked.push('renew');
    cached = `token-${asked.length}`;
    valid.set(cached, { user: 'ann', expiresUnixMs: Date.now() + lifeMs });
    return cached;
  };
  return {
    asked,
    async get() {
      asked.push('get');
      return cached;
    },
    renew,
  };
}

describe('docs/guides/tokens.md', () => {
  it('client.ts asks for a new token once when the cached one is refused, and connects', async () => {
    const source = tokens(60_000);
    const shown: string[] = [];
    client = followInbox(`${served.origin}/ann`, source, (text) => shown.push(text));
    await vi.waitFor(() => expect(inboxes.connections).toBe(1));
    expect(source.asked).toEqual(['get', 'renew']);
    await inboxes.stream('ann').publish('mail', 'hello');
    await vi.waitFor(() => expect(shown).toEqual(['hello']));
  });

  it('server.ts ends the stream with its token, and the client goes on with the next, without loss', async () => {
    const source = tokens(600);
    const shown: string[] = [];
    client = followInbox(`${served.origin}/ann`, source, (text) => shown.push(text));
    const drains = vi.fn();
    client.addEventListener(
      'stream.control',
      ({ frame }) => void (frame.type === 'stream.drain' && drains(frame)),
    );
    await vi.waitFor(() => expect(inboxes.connections).toBe(1));
    await inboxes.stream('ann').publish('mail', 'before');
    await vi.waitFor(() => expect(inboxes.connections).toBe(0), 10_000);
    valid.clear(); // expired: the cached token is refused now
    await inboxes.stream('ann').publish('mail', 'in between');
    await vi.waitFor(() => expect(shown).toEqual(['before', 'in between']), 20_000);
    expect(drains.mock.calls[0]?.[0]).toMatchObject({ body: { reason: 'auth-expired' } });
    expect(source.asked.filter((how) => how === 'renew').length).toBeGreaterThanOrEqual(2);
  });

  it('server.ts gives nothing of one user to another, and the client says that it gave up', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    valid.set('eve', { user: 'eve', expiresUnixMs: Date.now() + 60_000 });
    client = followInbox(
      `${served.origin}/ann`,
      { get: async () => 'eve', renew: async () => 'eve' },
      () => undefined,
    );
    expect(await client.closed).toMatchObject({ type: 'gave-up', failure: { status: 403 } });
    expect(error.mock.calls).toEqual([[expect.stringMatching(/^sign in again: .*403/)]]);
    error.mockRestore();
  });
});
