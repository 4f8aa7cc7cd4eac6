import { createServer, type Server } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import compress from '@fastify/compress';
import { serve as serveHono } from '@hono/node-server';
import compression from 'compression';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import type { StreamEndpoint } from '../../server/index.ts';
import * as forExpress from '../express.ts';
import * as forFastify from '../fastify.ts';
import { nodeHandler } from '../node-http.ts';
import { webHandler } from '../web.ts';
import { selfSigned } from './self-signed.ts';

/** A server that serves one endpoint at `/events`. */
export interface Served {
  readonly url: string;
  /** What a user of this framework calls to stop it; resolves when it has stopped. */
  readonly close: () => Promise<void>;
}

/** A way to serve. */
export interface Adapter {
  readonly name: string;
  readonly http2?: true;
  readonly serve: (endpoint: StreamEndpoint) => Promise<Served>;
}

function listening(
  server: Server | https.Server | http2.Http2Server | http2.Http2SecureServer,
): Promise<Served> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve({ url: urlOf(server), close: () => closed(server) });
    });
  });
}

function urlOf(server: object & { address(): AddressInfo | string | null }): string {
  const scheme = 'setSecureContext' in server ? 'https' : 'http';
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}

function closed(server: { close(callback: (error?: Error) => void): unknown }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
  });
}

/** Every adapter, in every way of using it that has a path of its own. */
export const ADAPTERS: readonly Adapter[] = [
  {
    name: 'express',
    serve: (endpoint) => {
      const app = express();
      app.all('/events', forExpress.sse(endpoint));
      return listening(createServer(app));
    },
  },
  {
    name: 'express behind compression',
    serve: (endpoint) => {
      const app = express();
      app.use(compression({ threshold: 0, filter: () => true }));
      app.all('/events', forExpress.sse(endpoint));
      return listening(createServer(app));
    },
  },
  {
    name: 'fastify plugin, route option',
    serve: async (endpoint) => {
      const app = Fastify({ forceCloseConnections: false });
      await app.register(forFastify.fastifySse, { drainWithinMs: 2000 });
      app.all('/events', { eventStream: endpoint }, async () => undefined);
      await app.listen({ port: 0, host: '127.0.0.1' });
      return { url: urlOf(app.server), close: async () => app.close() };
    },
  },
  {
    name: 'fastify handler',
    serve: async (endpoint) => {
      const app = Fastify({ forceCloseConnections: false });
      app.all('/events', forFastify.sse(endpoint));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return { url: urlOf(app.server), close: async () => app.close() };
    },
  },
  {
    name: 'fastify plugin behind @fastify/compress',
    serve: async (endpoint) => {
      const app = Fastify({ forceCloseConnections: false });
      await app.register(compress, { global: true, threshold: 0 });
      await app.register(forFastify.fastifySse);
      app.all('/events', async (_request, reply) => reply.eventStream(endpoint));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return { url: urlOf(app.server), close: async () => app.close() };
    },
  },
  {
    name: 'fastify over HTTP/2',
    http2: true,
    serve: async (endpoint) => {
      const app = Fastify({ http2: true, forceCloseConnections: false });
      app.all('/events', forFastify.sse(endpoint));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return { url: urlOf(app.server), close: async () => app.close() };
    },
  },
  {
    name: 'fastify over HTTP/2 and TLS',
    http2: true,
    serve: async (endpoint) => {
      const app = Fastify({
        http2: true,
        https: { ...selfSigned(), allowHTTP1: true },
        forceCloseConnections: false,
      });
      app.all('/events', forFastify.sse(endpoint));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return { url: urlOf(app.server), close: async () => app.close() };
    },
  },
  {
    name: 'node:https',
    serve: (endpoint) => listening(https.createServer(selfSigned(), nodeHandler(endpoint))),
  },
  {
    name: 'node:http2 over TLS',
    http2: true,
    serve: (endpoint) => listening(http2.createSecureServer(selfSigned(), nodeHandler(endpoint))),
  },
  {
    name: 'HTTP/1.1 at a node:http2 server over TLS',
    serve: (endpoint) =>
      listening(
        http2.createSecureServer({ ...selfSigned(), allowHTTP1: true }, (request, response) => {
          // Not one of HTTP/2 that was negotiated in spite of the client.
          if (request.httpVersion !== '1.1') throw new Error(`HTTP/${request.httpVersion}`);
          return nodeHandler(endpoint)(request, response);
        }),
      ),
  },
  { name: 'node:http', serve: (endpoint) => listening(createServer(nodeHandler(endpoint))) },
  {
    name: 'node:http2',
    http2: true,
    serve: (endpoint) => listening(http2.createServer(nodeHandler(endpoint))),
  },
  {
    name: 'web handler in hono',
    serve: (endpoint) =>
      new Promise((resolve) => {
        const app = new Hono();
        const handler = webHandler(endpoint);
        app.all('/events', (context) => handler(context.req.raw));
        const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => {
          resolve({ url: urlOf(server), close: () => closed(server) });
        });
      }),
  },
];
