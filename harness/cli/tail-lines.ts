import type { ClientFact, StreamEvent } from '../../kit/client/node/index.ts';
import { span } from '../audit/findings.ts';
import { shownUrl } from './endpoint.ts';
import type { Paint } from './paint.ts';
import { abridged, plainText, shortened, wrapped } from './plain-text.ts';

/** What `tail --json` prints, one object a line; `kind` tells them apart. */
export interface TailRecord {
  /** `event`, or the kind of fact: `open`, `disconnect`, `retry`, `gap`, `cannot-resume`, `liveness`, `closed` … */
  readonly kind: string;
  /** When it happened here, unix ms. */
  readonly at: number;
  readonly [field: string]: unknown;
}

/** Facts that say nothing which another one or the event itself does not say. */
const SILENT: readonly ClientFact['kind'][] = ['state', 'attempt', 'received', 'processed', 'handler-failed'];

/** An event for machines: the payload as JSON where it is JSON, and `raw` as it came. */
export function eventRecord(event: StreamEvent, at: number): TailRecord {
  const { type, id, raw } = event;
  const payload = readable(event);
  return { kind: 'event', at, type, id, publishedAt: payload.publishedAt, data: payload.data, raw };
}

/** A fact for machines; `null` for those that are no news. Holds nothing of the request: its headers are secrets. */
export function factRecord(fact: ClientFact): TailRecord | null {
  if (SILENT.includes(fact.kind)) return null;
  const { kind, at, connection } = fact;
  const base = { kind, at, connection };
  switch (fact.kind) {
    case 'open': {
      const { attempt, status, cursor, server, downtimeMs, url } = fact;
      return { ...base, attempt, status, url: shownUrl(url), cursor, server, downtimeMs };
    }
    case 'disconnect':
      return { ...base, ...because(fact.failure), openMs: fact.openMs };
    case 'give-up':
      return { ...base, why: fact.why, ...because(fact.failure) };
    case 'error':
      return { ...base, code: fact.code, message: fact.message };
    case 'dead-letter':
      return { ...base, reason: fact.reason, id: fact.event?.id ?? null };
    case 'closed':
      return { ...base, reason: fact.reason.type };
    default: {
      const { stream: _stream, trace: _trace, ...rest } = fact;
      return rest;
    }
  }
}

function because({ cause, message, status }: { cause: string; message: string; status?: number }) {
  return { cause, message, status: status ?? null };
}

function readable(event: StreamEvent): { data: unknown; publishedAt: number | null } {
  try {
    return { data: event.data, publishedAt: event.publishedAt };
  } catch {
    return { data: event.raw, publishedAt: null }; // begins like JSON and is none: what came is in `raw`
  }
}

/** How lines are laid out. */
export interface TailLayout {
  readonly paint: Paint;
  /** Columns to fit into; `undefined` leaves everything whole. */
  readonly columns: number | undefined;
}

/** An event for a person: time, type, id, data. */
export function eventLine(event: StreamEvent, at: number, { paint, columns }: TailLayout): string {
  const fits = (text: string, width: number) => (columns === undefined ? text : abridged(text, width));
  const type = fits(plainText(event.type), 20);
  const id = fits(plainText(event.id ?? '-'), 16);
  const { data } = readable(event);
  const text = plainText(typeof data === 'string' ? data : JSON.stringify(data));
  const left = (columns ?? 0) - (CLOCK + 2 + Math.max(type.length, 12) + 2 + Math.max(id.length, 4) + 2);
  const shown = columns === undefined ? text : shortened(text, Math.max(8, left));
  return `${paint.faint(clock(at))}  ${paint.strong(type.padEnd(12))}  ${paint.faint(id.padEnd(4))}  ${shown}`;
}

/** A fact for a person; `null` for those that are no news to one. */
export function factLine(fact: ClientFact, { paint, columns }: TailLayout): string | null {
  const said = sentence(fact);
  if (!said) return null;
  const [tone, text] = said;
  const plain = plainText(text);
  const lines = columns === undefined ? [plain] : wrapped(plain, Math.max(20, columns - CLOCK - 4));
  return `${paint.faint(clock(fact.at))}  ${lines.map((line) => paint[tone](line)).join(`\n${' '.repeat(CLOCK + 4)}`)}`;
}

type Tone = 'good' | 'bad' | 'doubtful';

function sentence(fact: ClientFact): readonly [Tone, string] | null {
  switch (fact.kind) {
    case 'open': {
      const { attempt, cursor, server, url } = fact;
      const place = cursor === null ? '' : `, after ${cursor}`;
      const resume = server ? ` (${server.resume})` : '';
      const beat =
        server && server.heartbeatMs > 0 ? `, heartbeat at least every ${span(server.heartbeatMs)}` : '';
      return ['good', `● ${attempt === 1 ? 'open' : 'open again'} ${shownUrl(url)}${place}${resume}${beat}`];
    }
    case 'disconnect':
      return ['doubtful', `○ lost (${fact.failure.cause}): ${fact.failure.message}`];
    case 'retry':
      return ['doubtful', `↻ attempt ${fact.attempt} in ${span(fact.delayMs)}`];
    case 'liveness':
      return ['bad', `✗ not alive (${fact.cause}): silent for ${span(fact.silentMs)}`];
    case 'gap':
      return ['bad', `✗ gap (${fact.reason}): ${lost(fact.missed)} after ${fact.after ?? 'the start'}`];
    case 'cannot-resume':
      return ['bad', `✗ cannot resume (${fact.reason}): ${lost(fact.missed)}, goes on after ${fact.from}`];
    case 'duplicate':
      return ['doubtful', `= ${fact.type} ${fact.id} came again`];
    case 'out-of-order':
      return ['doubtful', `⇄ ${fact.type} ${fact.id ?? ''} out of order: ${fact.action}`];
    case 'give-up':
      return ['bad', `✗ gave up (${fact.why}): ${fact.failure.message}`];
    case 'dead-letter':
      return ['bad', `✗ an event was passed over: ${fact.reason}`];
    case 'error':
      return ['bad', `✗ ${fact.message} [${fact.code}]`];
    case 'control':
      if (fact.frame.type === 'stream.drain') {
        return ['doubtful', `○ the server drains: ${fact.frame.body.reason}`];
      }
      if (fact.frame.type === 'stream.end') return ['good', '■ the stream is complete'];
      return fact.frame.type === 'unknown' ? ['doubtful', `? control frame ${fact.frame.name}`] : null;
    default:
      return null;
  }
}

function lost(missed: number | null): string {
  return `${missed ?? 'some'} ${missed === 1 ? 'event' : 'events'} lost`;
}

const CLOCK = '00:00:00.000'.length;

/** Time of day here. */
function clock(at: number): string {
  const date = new Date(at);
  const part = (value: number, digits = 2) => String(value).padStart(digits, '0');
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`;
}
