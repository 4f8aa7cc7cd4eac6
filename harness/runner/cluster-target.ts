import type { FrontProxyKind } from '../front-proxies/index.ts';
import { startFrontProxy } from '../front-proxies/index.ts';
import type { ServerSettings, StoppableService, Target } from './target.ts';
import { startTcpFront } from './tcp-front.ts';

/** What stands around a server's process. */
export interface ClusterOptions {
  readonly settings: ServerSettings;
  /** Starts one node. */
  readonly startNode: () => Promise<Target>;
  readonly redis?: StoppableService;
  /** Called last at `stop`: for directories and services. */
  readonly dispose?: () => Promise<void>;
}

/** A target of one or more processes, with a front where the settings ask for one. */
export async function startClusterTarget(options: ClusterOptions): Promise<Target> {
  const { settings, redis } = options;
  const undo: (() => Promise<void>)[] = options.dispose ? [options.dispose] : [];
  const stop = async () => {
    for (const act of undo.splice(0).reverse()) await act();
  };
  try {
    const nodes: Target[] = [];
    for (let index = 0; index < (settings.nodes ?? 1); index++) {
      const node = await options.startNode();
      nodes.push(node);
      undo.push(node.stop);
    }
    const [first] = nodes;
    if (!first) throw new RangeError(`settings.nodes must be at least 1, got ${settings.nodes}`);
    let target: Target = { ...first, stop, ...(redis ? { redis } : {}) };
    if (nodes.length > 1) {
      const together = await behindOneAddress(nodes);
      undo.push(together.close);
      target = { ...target, ...together.target };
    }
    if (settings.front !== undefined) {
      const front = await behindProxy(settings.front, target.url());
      undo.push(front.stop);
      target = { ...target, url: () => front.url, directUrl: target.url };
    }
    return target;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function behindProxy(kind: FrontProxyKind, upstream: string) {
  const url = new URL(upstream);
  const front = await startFrontProxy(kind, Number(url.port));
  url.port = String(front.port);
  return { url: url.href, stop: front.stop };
}

async function behindOneAddress(nodes: readonly Target[]) {
  const portOf = (node: Target) => Number(new URL(node.url()).port);
  const front = await startTcpFront(nodes.map(portOf));
  let turn = 0;
  let serving = nodes;
  const rotate = (to: readonly Target[]) => {
    serving = to;
    front.targets = to.map(portOf);
  };
  const target: Pick<Target, 'url' | 'publish' | 'replaceNode' | 'log'> = {
    url: () => {
      const url = new URL(nodes[0]?.url() ?? '');
      url.port = String(front.port);
      return url.href;
    },
    publish: async (events) => (await serving[turn++ % serving.length]?.publish(events)) ?? [],
    replaceNode: async (index) => {
      const node = nodes[index];
      if (!node) throw new RangeError(`there is no node ${index}`);
      // Out of the rotation first, as a deployment does it; its open connections stay and are drained.
      rotate(nodes.filter((each) => each !== node));
      const exit = await node.kill('SIGTERM');
      await node.restart();
      rotate(nodes);
      return exit;
    },
    log: () => nodes.map((node) => node.log()).join('\n'),
  };
  return { target, close: front.close };
}
