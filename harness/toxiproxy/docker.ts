import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ToxiproxyNetwork } from './network.ts';
import type { RunCommand } from './run-command.ts';

/** The service of docker-compose.yml, and the port of its API inside the container. */
const SERVICE = 'toxiproxy';
const API_PORT = 8474;

export interface ComposeToxiproxy {
  readonly url: string;
  readonly network: ToxiproxyNetwork;
}

type Outcome = { readonly found: ComposeToxiproxy } | { readonly why: string };

/** The project's docker-compose.yml: the nearest one above this file. */
export function composeFile(from = dirname(fileURLToPath(import.meta.url))): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'docker-compose.yml');
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) return undefined;
  }
}

interface PublishedPort {
  readonly target?: number;
  readonly published?: string | number;
}

/**
 * How a container is reached, read from the compose file itself (`docker compose config --format json`): with host
 * networking as a local process; otherwise through its published ports, with this machine as `host.docker.internal`.
 */
export function networkOfService(config: unknown): ComposeToxiproxy | undefined {
  const services = (config as { services?: Record<string, unknown> } | null)?.services;
  const service = services?.[SERVICE] as { network_mode?: string; ports?: PublishedPort[] } | undefined;
  if (!service) return undefined;
  if (service.network_mode === 'host') return { url: `http://127.0.0.1:${API_PORT}`, network: {} };
  const ports = service.ports ?? [];
  const api = ports.find(({ target }) => target === API_PORT);
  const others = ports.filter(({ target }) => target !== API_PORT).map(({ published }) => Number(published));
  if (!api?.published || others.length === 0) return undefined;
  return {
    url: `http://127.0.0.1:${api.published}`,
    network: {
      listenHost: '0.0.0.0',
      listenPorts: [Math.min(...others), Math.max(...others)],
      publicHost: '127.0.0.1',
      upstreamHost: 'host.docker.internal',
    },
  };
}

/** Looks at (`up: false`) or starts (`up: true`) the compose service. Never stops one that was running before. */
export async function composeToxiproxy(
  run: RunCommand,
  file: string | undefined,
  options: { readonly up: boolean; readonly onProgress?: (line: string) => void },
): Promise<Outcome> {
  if (!file) return { why: 'no docker-compose.yml' };
  const compose = (args: readonly string[], timeoutMs: number) =>
    run('docker', ['compose', '-f', file, ...args], { timeoutMs });
  const config = await compose(['config', '--format', 'json'], 15_000);
  if (config.code !== 0) return { why: `docker compose: ${firstLine(config.stderr)}` };
  const found = networkOfService(JSON.parse(config.stdout));
  if (!found) return { why: `${file} has no service "${SERVICE}" with a reachable API and proxy ports` };
  if (options.up) {
    options.onProgress?.('starting Toxiproxy with docker compose');
    const up = await compose(['up', '--detach', '--wait', SERVICE], 5 * 60_000);
    return up.code === 0 ? { found } : { why: `docker compose up: ${firstLine(up.stderr)}` };
  }
  const running = await compose(['ps', '--quiet', '--status', 'running', SERVICE], 15_000);
  if (running.code !== 0) return { why: `docker compose: ${firstLine(running.stderr)}` };
  return running.stdout.trim() ? { found } : { why: 'the compose service is not running' };
}

/** Ends the service that `composeToxiproxy` started. */
export async function composeStop(run: RunCommand, file: string): Promise<void> {
  const down = await run('docker', ['compose', '-f', file, 'rm', '--stop', '--force', SERVICE], {
    timeoutMs: 60_000,
  });
  if (down.code !== 0) throw new Error(`docker compose rm: ${firstLine(down.stderr)}`);
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
