import { connectWith, type StreamHandle } from '../connect.ts';
import type { ConnectOptions, EventMap, PerAttempt } from '../options.ts';
import { nodePorts } from './ports.ts';

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
export { type FileCursorStoreOptions, fileCursorStore } from './file-cursor-store.ts';
export { type HttpTransportOptions, httpTransport } from './http-transport.ts';
export { nodePorts } from './ports.ts';
export { ReliableEventSource } from './reliable-event-source.ts';
