import { digestData } from '../../history/digest.ts';
import type { HistoryRecord } from '../../history/types.ts';
import type { PeerEvents } from './types.ts';

/**
 * Writes down what a peer client did. A peer has no notion of a duplicate or a loss, so every event it hands over is
 * `delivered` and at once `processed`.
 */
export function peerRecorder(
  subject: string,
  stream: string,
  record: (record: HistoryRecord) => void,
): PeerEvents {
  let attempt = 0;
  const at = () => performance.timeOrigin + performance.now();
  return {
    opened: () => record({ at: at(), kind: 'open', subject, stream, attempt: ++attempt }),
    event({ id, type, data }) {
      if (type.startsWith('stream.')) return;
      const seen = { at: at(), subject, stream, id, type, digest: digestData(data) };
      record({ ...seen, kind: 'delivered' });
      record({ ...seen, kind: 'processed' });
    },
    reset: () => record({ at: at(), kind: 'cursor', subject, stream, id: null, reason: 'empty id' }),
    closed: (cause, final) =>
      record({ at: at(), kind: 'close', subject, stream, cause, ...(final ? { final } : {}) }),
    retrying: (delayMs) =>
      record({ at: at(), kind: 'retry', subject, attempt: attempt + 1, delayMs, cause: 'peer' }),
  };
}
