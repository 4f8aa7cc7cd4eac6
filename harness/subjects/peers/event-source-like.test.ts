import { describe, expect, it } from 'vitest';
import type { HistoryRecord } from '../../history/types.ts';
import { eventSourcePeer } from './event-source-like.ts';
import { peerRecorder } from './records.ts';

class FakeEventSource extends EventTarget {
  readonly readyState = 1;
  onopen: ((event: never) => unknown) | null = null;
  onerror: ((event: never) => unknown) | null = null;
  close(): void {
    this.onopen = null;
  }
  tick(lastEventId: string): void {
    this.dispatchEvent(Object.assign(new Event('tick'), { lastEventId, data: '1' }));
  }
}

describe('what a client with the EventSource interface did', () => {
  it('holds a reset when an empty id takes the last event ID away, and none while there has not been one', () => {
    const source = new FakeEventSource();
    const records: HistoryRecord[] = [];
    const client = eventSourcePeer(() => source as never);
    client(
      'http://peer.invalid/',
      peerRecorder('peer', 's', (record) => records.push(record)),
      {} as never,
    );
    for (const id of ['', '7', '', '']) source.tick(id);
    const told = records.filter(({ kind }) => kind !== 'delivered');
    expect(told.map(({ kind }) => kind)).toEqual([
      'processed',
      'processed',
      'processed',
      'cursor',
      'processed',
    ]);
    expect(told[3]).toMatchObject({ subject: 'peer', stream: 's', id: null });
  });
});
