import { SseKitError } from '../../kit/protocol/index.ts';
import type { Capability } from '../subjects/types.ts';
import { type NdjsonChild, orExit, spawnNdjson } from './child.ts';
import type { Acknowledged, ServerSettings, Target } from './target.ts';

/**
 * A server under test as a child process, so that kill -9 is real. The program reads its settings from
 * `SSE_TARGET_SETTINGS` (JSON, with `port` and `controlPort`, 0 for any), prints
 * `{"ready":true,"port":…,"controlPort":…}` when both listen, and ends when its stdin ends. On the control port it
 * answers `POST /publish` (a JSON array of `{type, data}`; answers an array of acknowledgements), `GET /metrics` and
 * `GET /health`.
 */
export interface ChildTargetOptions {
  readonly name: string;
  readonly version: string;
  /** Absolute path of the program. */
  readonly entry: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly stream: string;
  /** Path of the stream, with the slash. */
  readonly path: string;
  readonly settings: ServerSettings;
}

interface Ports {
  readonly port: number;
  readonly controlPort: number;
}

const START_TIMEOUT_MS = 30_000;
const CALL_TIMEOUT_MS = 10_000;

export async function startChildTarget(options: ChildTargetOptions): Promise<Target> {
  let running = await launch(options, { port: options.settings.port ?? 0, controlPort: 0 });
  const { ports } = running;
  const control = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${ports.controlPort}${path}`, {
      method,
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new SseKitError('ERR_TARGET_CONTROL', `${options.name}: ${method} ${path} answered ${text}`);
    }
    return text;
  };
  const logs: string[] = [];
  return {
    name: options.name,
    version: options.version,
    capabilities: options.capabilities,
    stream: options.stream,
    url: () => `http://127.0.0.1:${ports.port}${options.path}`,
    publish: async (events) => JSON.parse(await control('POST', '/publish', events)) as Acknowledged[],
    metricsText: () => control('GET', '/metrics'),
    metricsUrl: () => `http://127.0.0.1:${ports.controlPort}/metrics`,
    pid: () => running.child.pid,
    maxBehind: async () => (JSON.parse(await control('GET', '/stats')) as { maxBehind: number }).maxBehind,
    kill: async (signal) => {
      running.child.kill(signal);
      return { ...(await running.child.exited), pid: running.child.pid };
    },
    restart: async () => {
      logs.push(running.child.log());
      running = await launch(options, ports);
    },
    log: () => [...logs, running.child.log()].filter(Boolean).join('\n--- restarted ---\n'),
    stop: async () => {
      await running.child.stop();
    },
  };
}

async function launch(
  options: ChildTargetOptions,
  ports: Ports,
): Promise<{ child: NdjsonChild; ports: Ports }> {
  const name = `server ${options.name}`;
  let onReady: (ports: Ports) => void;
  const ready = new Promise<Ports>((resolve) => {
    onReady = resolve;
  });
  const child = spawnNdjson({
    name,
    entry: options.entry,
    env: { SSE_TARGET_SETTINGS: JSON.stringify({ ...options.settings, stream: options.stream, ...ports }) },
    onMessage: (message) => {
      if (message.ready === true) {
        onReady({ port: Number(message.port), controlPort: Number(message.controlPort) });
      }
    },
  });
  return { child, ports: await orExit(name, child, ready, START_TIMEOUT_MS) };
}
