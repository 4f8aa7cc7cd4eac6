import { type CliHost, sseKit } from './index.ts';

/** Runs the command line in this process; servers only where a test brings them. No argument holds a space. */
export async function sse(args: string, host: Partial<CliHost> = {}) {
  let out = '';
  let err = '';
  const code = await sseKit(args.split(' '), {
    serverNames: ['express', 'fastify'],
    loadServers: () => Promise.reject(new Error('nothing here should start a server')),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    colour: false,
    interrupted: () => new Promise(() => undefined),
    ...host,
  });
  return { code, out, err };
}
