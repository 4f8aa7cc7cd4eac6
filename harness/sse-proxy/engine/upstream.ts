import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { quote, SseKitError } from '../../../kit/protocol/index.ts';
import { type SocketEnd, SocketReader } from './socket-reader.ts';
import { SocketWriter } from './socket-writer.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Reads `http://host:port`; a path is refused, since the proxy forwards the client's. */
export function parseTarget(upstream: string): Target {
  const url = URL.canParse(upstream) ? new URL(upstream) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
    throw new SseKitError('ERR_UPSTREAM', `not an http:// or https:// origin: ${quote(upstream)}`);
  }
  const tls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(url.port) || (tls ? 443 : 80), tls };
}

/** One connection to the server under test; one client connection uses at most one at a time. */
export interface Upstream {
  readonly socket: Socket;
  readonly reader: SocketReader;
  readonly writer: SocketWriter;
}

/** Opens a connection. Failure shows as an end of its reader. */
export function openUpstream(target: Target, onEnd: (how: SocketEnd) => void): Upstream {
  const { host, port, tls } = target;
  const socket = tls
    ? // An address is no server name (RFC 6066 3): the certificate is checked against it all the same.
      connectTls({ host, port, servername: isIP(host) ? '' : host, ALPNProtocols: ['http/1.1'] })
    : connectTcp({ host, port, noDelay: true });
  return { socket, reader: new SocketReader(socket, { onEnd }), writer: new SocketWriter(socket) };
}
