import { browserPorts, connectWith, type StreamHandle } from './connect.ts';
import type { ConnectOptions, EventMap, PerAttempt } from './options.ts';

/**
 * Connects to an event stream and stays connected: reconnects, resumes, removes duplicates, keeps order, notices
 * silence, and says what happened.
 *
 * In Node, the package's `node` export condition gives the same function with a transport on `node:http`.
 * @param url the stream; a function is called at each attempt.
 * @throws SseKitError `ERR_INVALID_OPTION` when options contradict themselves.
 */
export function connect<Events extends EventMap = EventMap>(
  url: PerAttempt<string | URL>,
  options: ConnectOptions<Events> = {},
): StreamHandle<Events> {
  return connectWith(browserPorts, url, options);
}

export * from './exports.ts';
export { ReliableEventSource } from './reliable-event-source.ts';
