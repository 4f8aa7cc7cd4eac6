import { encodeCannotResume, encodeStreamOpen } from '../../protocol/control.ts';
import { encodeComment, encodeFrame } from '../../protocol/frame.ts';
import { encodeHeartbeat } from '../../protocol/heartbeat.ts';
import { parsePosition } from '../../protocol/position.ts';
import type { ByteSource } from '../transport.ts';
import { committedBy } from '../vector-sequencer.ts';
import { distance, isBehind } from './marks.ts';
import { type Item, type LeaderMessage, placeOf } from './messages.ts';

/** A response body made of what the leader passes on: this tab's own view of the stream, without what it has. */
export interface RelayedBody extends ByteSource {
  /** The last id that was passed on; the cursor of the next ask. */
  readonly mark: string | null;
  /** Begins, or goes on under another leader. */
  attached(message: Extract<LeaderMessage, { type: 'attach' }>): void;
  item(item: Item): void;
  /** What is queued is still read; then it ends, with an error if there is one. */
  end(error: Error | null): void;
}

/**
 * @param cursor what the tab has.
 * @param full called when more than `maxBytes` wait to be read (UTF-8 bytes).
 */
export function createRelayedBody(cursor: string | null, maxBytes: number, full: () => void): RelayedBody {
  const encoder = new TextEncoder();
  let mark = cursor;
  const queue: Uint8Array[] = [];
  let bytes = 0;
  let ended: { readonly error: Error | null } | null = null;
  let wake: (() => void) | null = null;

  const notify = (): void => {
    wake?.();
    wake = null;
  };
  const push = (frame: string): void => {
    if (ended) return;
    const chunk = encoder.encode(frame);
    queue.push(chunk);
    bytes += chunk.byteLength;
    notify();
    if (bytes > maxBytes) full();
  };
  const item = (it: Item): void => {
    switch (it.kind) {
      case 'event': {
        const { type, id, raw } = it;
        if (isBehind(mark, id)) return;
        mark = id === null ? mark : committedBy(mark, id);
        push(
          encodeFrame({
            ...(type === 'message' ? {} : { event: type }),
            ...(id === null ? {} : { id }),
            data: raw,
          }),
        );
        return;
      }
      case 'control':
        push(encodeFrame({ event: it.name, data: it.data }));
        return;
      case 'jump': {
        const { loss } = it;
        // The loss of a tab that was further behind is none of this one's.
        const place = placeOf(loss);
        if (isBehind(mark, place)) return;
        const missed = distance(mark, place) ?? (mark === loss.requested ? loss.missed : null);
        push(encodeCannotResume({ ...loss, requested: mark, missed }, place));
        mark = committedBy(mark, place);
        return;
      }
      case 'beat': {
        const head = parsePosition(it.head);
        // What the head proves is judged on the real connection; here it must not accuse a replay under way.
        if (head && isBehind(mark, it.head)) push(encodeHeartbeat({ head, unixMs: it.unixMs }));
        else push(encodeComment('relay'));
      }
    }
  };
  return {
    get mark() {
      return mark;
    },
    attached({ open, id, items }) {
      if (open && id !== null) {
        mark ??= id;
        // No cadence: silence of the server is judged on the real connection, silence of the leader by asking it.
        push(encodeStreamOpen({ ...open, heartbeatMs: 0 }, id));
      }
      for (const one of items) item(one);
    },
    item,
    end(error) {
      ended ??= { error };
      notify();
    },
    async read() {
      for (;;) {
        const chunk = queue.shift();
        if (chunk) {
          bytes -= chunk.byteLength;
          return chunk;
        }
        if (ended?.error) throw ended.error;
        if (ended) return null;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
