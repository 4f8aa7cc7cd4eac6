import { quote, SseKitError } from '../protocol/index.ts';
import type { EventDraft } from '../server/replay-log.ts';

/** Version of the stored form below. A log that finds another one refuses to read it. */
export const STORED_FORMAT = 1;

/**
 * The stored form of an event, the same in every store: one line of JSON with everything but the payload, then the
 * payload as it came. The payload is not parsed again, and the bytes can be read with any text tool.
 */
export function encodeDraft(draft: EventDraft): string {
  const { type, unixMs, traceparent, extensions } = draft;
  const head = { t: type, u: unixMs, p: traceparent, x: extensions };
  return `${JSON.stringify(head)}\n${draft.data}`;
}

/**
 * Reads the stored form.
 * @throws SseKitError `ERR_LOG_CORRUPT`
 */
export function decodeDraft(text: string): EventDraft {
  const end = text.indexOf('\n');
  const head = end < 0 ? null : parseHead(text.slice(0, end));
  if (!head) throw new SseKitError('ERR_LOG_CORRUPT', `not a stored event: ${quote(text)}`);
  return {
    type: head.t,
    data: text.slice(end + 1),
    unixMs: head.u,
    ...(head.p === undefined ? {} : { traceparent: head.p }),
    ...(head.x === undefined ? {} : { extensions: head.x }),
  };
}

interface Head {
  readonly t: string;
  readonly u: number;
  readonly p?: string;
  readonly x?: Readonly<Record<string, string | number | boolean>>;
}

function parseHead(line: string): Head | null {
  try {
    const value: unknown = JSON.parse(line);
    return isHead(value) ? value : null;
  } catch {
    return null; // damaged: the caller names the record
  }
}

function isHead(value: unknown): value is Head {
  if (typeof value !== 'object' || value === null) return false;
  const { t, u } = value as Record<string, unknown>;
  return typeof t === 'string' && typeof u === 'number';
}
