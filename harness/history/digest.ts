/**
 * Digests of payloads. No imports: the recorder in the page uses this file too, so producer and consumer compute the
 * same digest from the same value.
 */

/**
 * Digest of a JSON value: 16 hex digits that do not depend on the order of object keys. Made to catch corruption,
 * not to resist forgery. `undefined` counts as `null`, as in JSON arrays.
 */
export function digest(payload: unknown): string {
  return hash(canonical(payload));
}

/**
 * Digest of what an SSE client sees in `data:`. The payload of a CloudEvents envelope, a bare JSON value and plain
 * text give the digest that the producer got from `digest(payload)`.
 */
export function digestData(data: string): string {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return digest(data); // plain text is a payload of its own
  }
  return digest(isEnvelope(value) ? value.data : value);
}

function isEnvelope(value: unknown): value is { data: unknown } {
  return typeof value === 'object' && value !== null && 'specversion' in value && 'data' in value;
}

function canonical(value: unknown): string {
  if (value === undefined) return 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.join(',')}}`;
}

// FNV-1a over UTF-16 code units, run twice with different bases: 64 bits without BigInt or an async crypto call.
function hash(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x050c5d1f;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ (unit & 0xff), 0x01000193);
    a = Math.imul(a ^ (unit >>> 8), 0x01000193);
    b = Math.imul(b ^ unit ^ (i & 0xff), 0x01000193);
    b ^= b >>> 15;
  }
  return hex(a) + hex(b);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
