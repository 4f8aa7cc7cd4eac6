import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { selfSigned } from '../../kit/adapters/testing/self-signed.ts';
import { judgeAudit, observe } from './index.ts';

const servers: Server[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) server.close();
});

function greet(
  _request: unknown,
  response: { setHeader(name: string, value: string): unknown; write(text: string): unknown; end(): unknown },
): void {
  response.setHeader('content-type', 'text/event-stream');
  response.write('data: hello\n\n');
  response.end();
}

async function audit(server: Server, host: string) {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const url = `https://${host}:${(server.address() as AddressInfo).port}/`;
  const target = { url: new URL(url), shownUrl: url, headers: {}, origin: null, forMs: 3000, idleMs: 1000 };
  return judgeAudit(await observe(target)).checks.find(({ id }) => id === 'http');
}

describe('an audit over TLS', () => {
  it.each(['127.0.0.1', 'localhost'])('of %s finds out whether HTTP/2 is offered', async (host) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'); // what is tested here is not whom we trust
    const both = await audit(createSecureServer({ ...selfSigned(), allowHTTP1: true }, greet), host);
    expect(both).toMatchObject({ verdict: 'pass', why: 'HTTP/1.1 read here, HTTP/2 is offered' });
    const one = await audit(createServer(selfSigned(), greet), host);
    expect(one).toMatchObject({ verdict: 'warn', why: expect.stringContaining('six streams per host') });
  });

  it('does not talk to a server whose certificate nobody vouches for', async () => {
    const refused = await audit(createServer(selfSigned(), greet), '127.0.0.1');
    expect(refused).toMatchObject({ verdict: 'unknown', why: 'no response came' });
  });
});
