import type { Evidence, Recorder } from '../types.ts';

export interface Tap {
  bytes(connection: string, direction: 'up' | 'down', bytes: Buffer): void;
  end(connection: string, direction: 'up' | 'down', how: 'fin' | 'rst'): void;
  request(connection: string, request: { method: string; url: string; lastEventId: string | null }): void;
  fault(fault: string, phase: 'planned' | 'armed' | 'fired' | 'healed', evidence?: Evidence): void;
  note(text: string): void;
  /** The connection is gone. */
  forget(connection: string): void;
}

/** Writes what passes by into the history. Content is recorded up to `contentBytes` per connection and direction. */
export function createTap(options: {
  name: string;
  record: Recorder;
  now: () => number;
  contentBytes: number;
}): Tap {
  const { name, record, now } = options;
  const recorded = new Map<string, number>();

  return {
    bytes(connection, direction, bytes) {
      const key = `${direction} ${connection}`;
      const before = recorded.get(key) ?? 0;
      const wire = { kind: 'wire', at: now(), tap: name, connection, direction, event: 'bytes' } as const;
      recorded.set(key, before + bytes.length);
      if (before + bytes.length > options.contentBytes) record({ ...wire, bytes: bytes.length });
      else record({ ...wire, bytes: bytes.length, base64: bytes.toString('base64') });
    },
    end(connection, direction, event) {
      record({ kind: 'wire', at: now(), tap: name, connection, direction, event });
    },
    request(connection, request) {
      record({ kind: 'request', at: now(), connection, ...request });
    },
    fault(fault, phase, evidence) {
      record({ kind: 'fault', at: now(), fault, phase, ...(evidence ? { evidence } : {}) });
    },
    note(text) {
      record({ kind: 'note', at: now(), text });
    },
    forget(connection) {
      recorded.delete(`up ${connection}`);
      recorded.delete(`down ${connection}`);
    },
  };
}
