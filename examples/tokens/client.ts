// examples/tokens/client.ts
import { connect } from 'sse-reliability-kit/client';

export interface TokenSource {
  /** A token that may come from a cache. */
  get(signal: AbortSignal): Promise<string>;
  /** A new one, because the cached one was refused. */
  renew(signal: AbortSignal): Promise<string>;
}

export function followInbox(url: string, tokens: TokenSource, show: (text: string) => void) {
  return connect<{ mail: string }>(url, {
    name: 'inbox',
    async headers({ refresh, signal }) {
      const token = refresh ? await tokens.renew(signal) : await tokens.get(signal);
      return { Authorization: `Bearer ${token}` };
    },
    onEvent: (event) => show(event.data),
    onGiveUp: ({ failure }) => console.error(`sign in again: ${failure.message}`),
  });
}
