import { ApiError, badBody } from './api-error.ts';
import type { ToxicEntry } from './toxic-entry.ts';
import type { Attributes, ToxicKind } from './toxic-kind.ts';
import { toxicKinds } from './toxics/index.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses a request body. An empty one is `EOF` in the real server's words. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw badBody('EOF');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badBody(error instanceof Error ? error.message : String(error));
  }
}

export function asObject(value: unknown): JsonObject {
  if (value && typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  throw badBody(`cannot read ${JSON.stringify(value)} as an object`);
}

/** An optional field of a type; absent and null both mean the default, as in Go. */
function optional<T>(body: JsonObject, field: string, type: string, fallback: T): T {
  const value = body[field];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== type) throw badBody(`cannot read ${JSON.stringify(value)} as ${type} ${field}`);
  return value as T;
}

export interface ProxyInput {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
}

export function decodeProxy(value: unknown, defaults: ProxyInput): ProxyInput {
  const body = asObject(value);
  return {
    name: optional(body, 'name', 'string', defaults.name),
    listen: optional(body, 'listen', 'string', defaults.listen),
    upstream: optional(body, 'upstream', 'string', defaults.upstream),
    enabled: optional(body, 'enabled', 'boolean', defaults.enabled),
  };
}

/** Attributes over their current values: unknown names are ignored, numbers are whole. */
function decodeAttributes(kind: ToxicKind, value: unknown, current: Attributes): Attributes {
  const given = value === undefined || value === null ? {} : asObject(value);
  const decoded: Attributes = {};
  for (const name of Object.keys(kind.defaults)) {
    const number = optional(given, name, 'number', current[name] ?? 0);
    if (!Number.isInteger(number)) throw badBody(`cannot read ${number} as a whole number ${name}`);
    decoded[name] = number;
  }
  // The real server accepts these and crashes with every proxy it holds at the next chunk.
  const refused = kind.refuse?.(decoded);
  if (refused) throw badBody(`${kind.type}: ${refused}`);
  return decoded;
}

export function decodeToxic(value: unknown): ToxicEntry {
  const body = asObject(value);
  const stream = optional(body, 'stream', 'string', 'downstream').toLowerCase();
  if (stream !== 'upstream' && stream !== 'downstream') {
    throw new ApiError(400, 'stream was invalid, can be either upstream or downstream');
  }
  const type = optional(body, 'type', 'string', '');
  const name = optional(body, 'name', 'string', '') || `${type}_${stream}`;
  const kind = toxicKinds.get(type);
  if (!kind) throw new ApiError(400, 'invalid toxic type');
  const toxicity = optional(body, 'toxicity', 'number', 1);
  const attributes = decodeAttributes(kind, body.attributes, kind.defaults);
  return { name, stream, kind, toxicity, attributes };
}

/** Applies a PATCH: attributes and toxicity only, whatever else the body names. */
export function patchToxic(toxic: ToxicEntry, value: unknown): void {
  const body = asObject(value);
  const toxicity = optional(body, 'toxicity', 'number', toxic.toxicity);
  Object.assign(toxic.attributes, decodeAttributes(toxic.kind, body.attributes, toxic.attributes));
  toxic.toxicity = toxicity;
}
