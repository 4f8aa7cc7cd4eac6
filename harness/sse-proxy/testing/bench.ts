import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HistoryRecord } from '../../history/types.ts';
import { type SseProxy, type SseProxyOptions, startSseProxy } from '../proxy.ts';
import { bodyText, type RawClient, rawClient } from './raw-client.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A proxy on a scripted upstream, with raw clients; everything is closed together. */
export interface Bench {
  readonly proxy: SseProxy;
  readonly history: HistoryRecord[];
  /** Requests the upstream received. */
  readonly requests: IncomingMessage[];
  /** Responses of the upstream, one for each request. */
  readonly responses: ServerResponse[];
  client(): RawClient;
  /** A client that asked for the stream and has its head. */
  stream(headers?: Readonly<Record<string, string>>): Promise<RawClient>;
  /** Writes to the newest upstream response. */
  write(text: string | Buffer): void;
  /** `fired` records of the history. */
  fired(): Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

/** One frame `id: n`, `data: event n`. */
export const event = (n: number): string => `id: ${n}\ndata: event ${n}\n\n`;

export const streamHandler: Handler = (_, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
};

export async function startBench(
  handler: Handler = streamHandler,
  options: Partial<SseProxyOptions> = {},
): Promise<Bench> {
  const requests: IncomingMessage[] = [];
  const responses: ServerResponse[] = [];
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    requests.push(request);
    responses.push(response);
    response.on('error', () => undefined); // written to after the fault closed it
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const history: HistoryRecord[] = [];
  const proxy = await startSseProxy({ upstream, record: (record) => history.push(record), ...options });
  const clients: RawClient[] = [];
  const client = (): RawClient => {
    const made = rawClient(proxy.port);
    clients.push(made);
    return made;
  };
  return {
    proxy,
    history,
    requests,
    responses,
    client,
    stream: async (headers) => {
      const made = client();
      made.get('/events', headers);
      await made.until((bytes) => bytes.includes('\r\n\r\n'));
      return made;
    },
    write: (text) => void responses.at(-1)?.write(text),
    fired: () =>
      history.flatMap((record) =>
        record.kind === 'fault' && record.phase === 'fired' ? [record.evidence ?? {}] : [],
      ),
    close: async () => {
      for (const made of clients) made.close();
      await proxy.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Resolves when the client has received a body that contains this text. */
export async function bodyWith(client: RawClient, text: string): Promise<string> {
  await client.until(() => bodyText(client).includes(text));
  return bodyText(client);
}
