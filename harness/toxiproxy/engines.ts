import { startEmbeddedToxiproxy } from './embedded/index.ts';
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

/** Somebody else's server: it is used, never ended. `release` undoes what starting it took, if we started it. */
export function foreignEngine(url: string, release: () => Promise<void> = () => Promise.resolve()): Engine {
  return { url: url.replace(/\/+$/, ''), stop: release };
}

/** The stand-in of this process. */
export async function embeddedEngine(seed?: number): Promise<Engine & { readonly seed: number }> {
  const embedded = await startEmbeddedToxiproxy(seed === undefined ? {} : { seed });
  return { url: embedded.url, seed: embedded.seed, stop: () => embedded.stop() };
}
