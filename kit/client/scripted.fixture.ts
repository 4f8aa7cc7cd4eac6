import { afterEach } from 'vitest';
import { type Exchange, type ScriptedServer, scriptedServer } from '../testing/scripted-server.ts';

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Does this after the test, whatever came of it; last come, first done. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** A real server whose answers a test writes byte by byte, for as long as the test. */
export async function serve(script: (exchange: Exchange) => void | Promise<void>): Promise<ScriptedServer> {
  const server = await scriptedServer(script);
  afterwards(() => server.close());
  return server;
}
