import reconnecting from 'reconnecting-eventsource';
import type { HistoryRecord } from '../../history/types.ts';
import { RECORD_BINDING } from '../kit/binding.ts';
import type { PageStart, PageSubject } from '../page-host.ts';
import { eventSourcePeer } from './event-source-like.ts';
import { fetchEventSourcePeer } from './fetch-event-source.ts';
import { peerRecorder } from './records.ts';
import type { PeerClient } from './types.ts';

// Its types describe the CommonJS build; what a bundler takes is an ES module with the class as its default.
const ReconnectingEventSource = reconnecting as unknown as new (url: string) => EventSource;

/** Peers that run in a page, each as its documentation shows it. */
const PAGE_PEERS: Readonly<Record<string, PeerClient>> = {
  native: eventSourcePeer((url) => new EventSource(url)),
  '@microsoft/fetch-event-source': fetchEventSourcePeer,
  'reconnecting-eventsource': eventSourcePeer((url) => new ReconnectingEventSource(url)),
};

declare global {
  var sseKitSubject: PageSubject;
}

const tell = (globalThis as Record<string, unknown>)[RECORD_BINDING] as
  | ((records: readonly HistoryRecord[]) => Promise<void>)
  | undefined;
const closers = new Map<string, () => void>();

globalThis.sseKitSubject = {
  start: (options: PageStart & { readonly peer?: string }) => {
    const { peer = 'native', url, subject, stream, settings } = options;
    const client = PAGE_PEERS[peer];
    if (!client) throw new Error(`no peer ${peer}`);
    const recorder = peerRecorder(subject, stream, (record) => void tell?.([record]));
    closers.set(subject, client(url, recorder, settings));
  },
  metrics: () => '',
  reconnect: () => undefined,
  close: async (subject) => closers.get(subject)?.(),
};
