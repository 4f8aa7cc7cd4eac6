import { StringDecoder } from 'node:string_decoder';
import { connectWith, type StreamHandle } from '../connect.ts';
import { noLifecycle } from '../lifecycle.ts';
import type { ConnectOptions, EventMap, PerAttempt } from '../options.ts';
import { type ClientPorts, reportErrorPort, systemClock } from '../ports.ts';
import { httpTransport } from './http-transport.ts';

/** The ports of Node: `node:http`, and a decoder three times as fast as TextDecoder. */
export function nodePorts(): ClientPorts {
  return {
    clock: systemClock,
    random: Math.random,
    transport: httpTransport(),
    lifecycle: noLifecycle,
    decoder: () => {
      const decoder = new StringDecoder('utf8');
      return { write: (bytes) => decoder.write(bytes as Buffer) };
    },
    reportError: reportErrorPort,
  };
}

/**
 * `connect` for Node: the same as in browsers, on `node:http`. It keeps the process alive until it is closed, during
 * waits as well, and not longer.
 * @throws SseKitError `ERR_INVALID_OPTION` when options contradict themselves.
 */
export function connect<Events extends EventMap = EventMap>(
  url: PerAttempt<string | URL>,
  options: ConnectOptions<Events> = {},
): StreamHandle<Events> {
  return connectWith(nodePorts, url, options);
}

export * from '../exports.ts';
export { type HttpTransportOptions, httpTransport } from './http-transport.ts';
