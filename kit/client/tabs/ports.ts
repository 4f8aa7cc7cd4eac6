import type { Message } from './messages.ts';

/** The part of the Web Locks API that is needed; `navigator.locks` fits. */
export interface LockPort {
  /** Runs `held` while the lock is ours; it is released when the promise settles, or rejects when it was stolen. */
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    held: () => Promise<void>,
  ): Promise<unknown>;
}

/** A channel to all other tabs, in order per sender. */
export interface ChannelPort {
  post(message: Message): void;
  close(): void;
}

/** What tab sharing takes from its surroundings. */
export interface TabPorts {
  readonly locks: LockPort;
  readonly channel: (name: string, receive: (message: Message) => void) => ChannelPort;
  /** Tells when the page is about to be frozen or put away; returns a function that stops. */
  readonly onAway: (listener: () => void) => () => void;
}

/** The ports of a browser; `null` where there are no Web Locks (insecure pages) or no BroadcastChannel. */
export function browserTabPorts(): TabPorts | null {
  const locks: LockPort | undefined = globalThis.navigator?.locks;
  if (!locks || typeof BroadcastChannel !== 'function') return null;
  return {
    locks,
    channel(name, receive) {
      const channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }: MessageEvent<Message>) => receive(data);
      return { post: (message) => channel.postMessage(message), close: () => channel.close() };
    },
    onAway(listener) {
      const page: EventTarget | undefined = globalThis.document;
      const self: EventTarget = globalThis;
      self.addEventListener('pagehide', listener);
      page?.addEventListener('freeze', listener);
      return () => {
        self.removeEventListener('pagehide', listener);
        page?.removeEventListener('freeze', listener);
      };
    },
  };
}
