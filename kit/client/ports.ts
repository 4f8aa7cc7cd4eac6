import { MAX_TIMER_MS } from './core/backoff.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Transport } from './transport.ts';

/** Time as a port. The same shape as the server's clock, so that one virtual clock serves both. */
export interface Clock {
  /** Wall clock, unix milliseconds. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary origin; never runs backwards. For durations. */
  monotonic(): number;
  /** Calls back once after `delayMs`, or after 2^31-1 ms when that is more. Returns a function that cancels. */
  setTimeout(callback: () => void, delayMs: number): () => void;
}

/** Turns the bytes of one response into text. Bytes of a character that is not complete yet are held back. */
export interface TextPort {
  write(bytes: Uint8Array): string;
}

/** Everything the client takes from its surroundings. Each can be replaced, in tests all of them are. */
export interface ClientPorts {
  readonly clock: Clock;
  /** Uniform in [0, 1). Decides jitter and ids. */
  readonly random: () => number;
  readonly transport: Transport;
  readonly lifecycle: Lifecycle;
  /** A decoder for one response. It must not remove a byte order mark: the reader does. */
  readonly decoder: () => TextPort;
  /** Receives errors thrown by callbacks that have nobody else to tell. */
  readonly reportError: (error: unknown) => void;
}

/**
 * The real clock. Its timers keep a Node process alive: a client that waits for its next attempt has work to do.
 * Globals are looked up when called, so that a test runner's fake timers apply.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, delayMs) {
    // A longer wait would wrap to 1 ms: whoever waits again then would never stop.
    const timer = setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** The decoder of browsers and workers. */
export function textDecoderPort(): TextPort {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return { write: (bytes) => decoder.decode(bytes, { stream: true }) };
}

/** Hands an error to the platform, as an event handler that throws would. */
export function reportErrorPort(error: unknown): void {
  if (typeof reportError === 'function') reportError(error);
  else console.error(error);
}
