import { EventSource } from 'launchdarkly-eventsource';
import { eventSourcePeer } from './event-source-like.ts';
import type { PeerClient } from './types.ts';

/** Backoff and jitter as its README highly recommends, with the README's values. */
const RECOMMENDED = {
  initialRetryDelayMillis: 1000,
  maxBackoffMillis: 30_000,
  retryResetIntervalMillis: 60_000,
  jitterRatio: 0.5,
};

/** `launchdarkly-eventsource`: the EventSource interface, and events that tell of ends and retries. */
export const launchDarklyPeer: PeerClient = (url, events, settings) => {
  const readTimeout =
    settings.livenessTimeoutMs === null ? {} : { readTimeoutMillis: settings.livenessTimeoutMs };
  const client = eventSourcePeer((address) => {
    const source = new EventSource(address, { ...RECOMMENDED, ...readTimeout });
    // An end by the server is no error to it.
    source.addEventListener('end', () => events.closed('the server ended the stream', false));
    source.addEventListener('retrying', ({ delayMillis = 0 }) => events.retrying?.(delayMillis));
    return source;
  });
  return client(url, events, settings);
};
