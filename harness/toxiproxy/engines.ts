import { launchToxiproxy } from './process.ts';
import type { Engine } from './server.ts';

/** An owned process: can be replaced, on the same port where that is free. */
export async function processEngine(binary: string, port?: number): Promise<Engine> {
  const running = await launchToxiproxy({ binary, port });
  return {
    url: running.url,
    exited: running.exited,
    stop: () => running.kill(),
    restart: () => processEngine(binary, Number(new URL(running.url).port)),
  };
}

/** Somebody else's server: it is used, never ended. */
export function foreignEngine(url: string): Engine {
  return { url: url.replace(/\/+$/, ''), stop: () => Promise.resolve() };
}
