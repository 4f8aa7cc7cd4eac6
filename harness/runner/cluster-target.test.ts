import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startClusterTarget } from './cluster-target.ts';
import type { Target } from './target.ts';

/** Nodes that are HTTP servers in this process, and a diary of what was done to them. */
function nodes() {
  const diary: string[] = [];
  let count = 0;
  const startNode = async (): Promise<Target> => {
    const name = `node${++count}`;
    const server = createServer((_request, response) => response.end(name)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return {
      name,
      version: '1',
      capabilities: new Set(),
      stream: 'demo',
      url: () => `http://127.0.0.1:${port}/stream`,
      publish: async (events) => {
        diary.push(`${name} publishes ${events.length}`);
        return [];
      },
      kill: async (signal) => {
        diary.push(`${name} ${signal}`);
        return { code: 0, signal: null, pid: 1 };
      },
      restart: async () => {
        diary.push(`${name} restarts`);
      },
      metricsText: async () => '',
      log: () => `log of ${name}`,
      stop: async () => {
        diary.push(`${name} stops`);
        server.close();
        server.closeAllConnections();
      },
    };
  };
  return { diary, startNode };
}

const SERVER = { heartbeatMs: 1000, retainEvents: 100, retryMs: 100 };
const dispose = (diary: string[]) => async () => {
  diary.push('disposed');
};
/** Who answers, on a connection of its own. */
const ask = async (url: string) => (await fetch(url, { headers: { connection: 'close' } })).text();

describe('a target of several nodes', () => {
  it('is one node as it is, where one is asked for, and disposes of what it stood on last', async () => {
    const { diary, startNode } = nodes();
    const target = await startClusterTarget({ settings: SERVER, startNode, dispose: dispose(diary) });
    expect(await ask(target.url())).toBe('node1');
    expect(target.replaceNode).toBeUndefined();
    await target.stop();
    await target.stop();
    expect(diary).toEqual(['node1 stops', 'disposed']);
  });

  it('has one address, publishes through its nodes in turn, and replaces one out of the rotation', async () => {
    const { diary, startNode } = nodes();
    const target = await startClusterTarget({ settings: { ...SERVER, nodes: 2 }, startNode });
    try {
      expect([await ask(target.url()), await ask(target.url())].sort()).toEqual(['node1', 'node2']);
      expect(new URL(target.url()).pathname).toBe('/stream');
      await target.publish([]);
      await target.publish([]);
      expect(diary.splice(0)).toEqual(['node1 publishes 0', 'node2 publishes 0']);
      expect(await target.replaceNode?.(0)).toMatchObject({ code: 0 });
      expect(diary.splice(0)).toEqual(['node1 SIGTERM', 'node1 restarts']);
      expect([await ask(target.url()), await ask(target.url())].sort()).toEqual(['node1', 'node2']);
      await expect(target.replaceNode?.(7)).rejects.toThrow('there is no node 7');
      expect(target.log()).toBe('log of node1\nlog of node2');
    } finally {
      await target.stop();
    }
    expect(diary.sort()).toEqual(['node1 stops', 'node2 stops']);
  });

  it('is taken down again when a node does not start', async () => {
    const { diary, startNode } = nodes();
    let started = 0;
    const failing = async () => {
      if (++started === 2) throw new Error('no second node');
      return startNode();
    };
    const options = { settings: { ...SERVER, nodes: 3 }, startNode: failing, dispose: dispose(diary) };
    await expect(startClusterTarget(options)).rejects.toThrow('no second node');
    expect(diary).toEqual(['node1 stops', 'disposed']);
  });
});
