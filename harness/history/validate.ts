import type { HistoryRecord } from './types.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const textOrNull: Check = (value) => value === null || typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const numberOrNull: Check = (value) => value === null || number(value);
const flag: Check = (value) => typeof value === 'boolean';
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && values.includes(value);
/** The field may be absent. */
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

type Kind = HistoryRecord['kind'];
/** Every field of a record except `at` and `kind`; the compiler insists that none is forgotten. */
type Shape<K extends Kind> = {
  readonly [F in Exclude<keyof Extract<HistoryRecord, { kind: K }>, 'at' | 'kind'>]-?: Check;
};

const event = { subject: text, stream: text, id: text, type: text, digest: text };

const SHAPES: { readonly [K in Kind]: Shape<K> } = {
  publishing: { stream: text, type: text, digest: text },
  produced: {
    stream: text,
    id: text,
    type: text,
    digest: text,
    sentinel: optional(flag),
    order: optional(number),
  },
  written: { connection: text, id: text },
  wire: {
    tap: text,
    connection: text,
    direction: oneOf('up', 'down'),
    event: oneOf('bytes', 'fin', 'rst'),
    bytes: optional(number),
    base64: optional(text),
    truncated: optional(flag),
  },
  request: {
    connection: text,
    method: text,
    url: text,
    lastEventId: textOrNull,
    subject: optional(text),
    stream: optional(text),
  },
  connection: { connection: text, phase: oneOf('opened', 'closed'), reason: optional(text) },
  open: {
    subject: text,
    attempt: number,
    status: optional(number),
    connection: optional(text),
    resume: optional(text),
    lastEventId: optional(textOrNull),
    cursor: optional(textOrNull),
    stream: optional(text),
  },
  close: {
    subject: text,
    cause: text,
    final: optional(flag),
    connection: optional(text),
    stream: optional(text),
  },
  delivered: event,
  processed: { ...event, redelivery: optional(flag) },
  deduped: { subject: text, stream: text, id: text },
  'out-of-order': { subject: text, stream: text, id: text, policy: oneOf('drop', 'deliver', 'buffer') },
  'dead-letter': { subject: text, stream: text, id: text, reason: text },
  cursor: { subject: text, id: textOrNull, stream: optional(text), reason: optional(text) },
  announced: {
    subject: text,
    what: oneOf('cannot-resume', 'gap'),
    reason: text,
    missed: numberOrNull,
    after: textOrNull,
    from: textOrNull,
    stream: optional(text),
    recovering: optional(flag),
  },
  heartbeat: { subject: text, head: textOrNull, stream: optional(text) },
  state: { subject: text, state: text, cause: optional(text) },
  retry: { subject: text, attempt: number, delayMs: number, cause: text },
  'give-up': { subject: text, reason: text },
  liveness: { subject: text, cause: text, silentMs: optional(number) },
  fault: { fault: text, phase: oneOf('planned', 'armed', 'fired', 'healed'), evidence: optional(object) },
  sample: { name: text, value: number, unit: oneOf('bytes', 'ms', 'count') },
  note: { text },
};

/**
 * What is wrong with a value that should be a history record, or `null`. Unknown extra fields are allowed: a newer
 * writer must stay readable.
 */
export function recordProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not an object';
  const record = value as Readonly<Record<string, unknown>>;
  if (!number(record.at)) return 'at: not a finite number';
  if (typeof record.kind !== 'string' || !Object.hasOwn(SHAPES, record.kind)) {
    return `kind: unknown ${JSON.stringify(record.kind)}`;
  }
  const shape: Readonly<Record<string, Check>> = SHAPES[record.kind as Kind];
  for (const [field, check] of Object.entries(shape)) {
    if (!check(record[field])) {
      return record[field] === undefined
        ? `${record.kind}.${field}: missing`
        : `${record.kind}.${field}: bad value`;
    }
  }
  return null;
}

/** Whether a value is a whole history record. */
export function isHistoryRecord(value: unknown): value is HistoryRecord {
  return recordProblem(value) === null;
}
