import { quote } from '../../kit/protocol/errors.ts';
import { ToxiproxyError } from './errors.ts';
import type { ToxicPatch, ToxicSpec, ToxicType } from './toxic-types.ts';

interface Rule {
  readonly min: number;
  readonly required: boolean;
}

/** Longest timer of Node and far below the overflow of Go's durations, so that both engines agree. */
const MAX = 2 ** 31 - 1;

const required = (min: number): Rule => ({ min, required: true });
const optional = (min: number): Rule => ({ min, required: false });

/**
 * Toxiproxy itself checks nothing: a negative `bandwidth.rate` and a `slicer` of size 0 crash the server with every
 * proxy in it (measured, 2.12), and an unknown attribute is ignored, so that a typing mistake injects no fault.
 */
const RULES: Readonly<Record<ToxicType, Readonly<Record<string, Rule>>>> = {
  latency: { latency: required(0), jitter: optional(0) },
  bandwidth: { rate: required(0) },
  slow_close: { delay: required(0) },
  timeout: { timeout: required(0) },
  reset_peer: { timeout: required(0) },
  slicer: { average_size: required(1), size_variation: optional(0), delay: optional(0) },
  limit_data: { bytes: required(0) },
};

/** Names go into URL paths unescaped by the client library, so they are plain. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

function refuse(message: string): never {
  throw new ToxiproxyError('ERR_TOXIPROXY_INVALID', message);
}

/** Throws `ERR_TOXIPROXY_INVALID` unless `name` can name a proxy or a toxic. */
export function assertName(kind: 'proxy' | 'toxic', name: string): void {
  if (!NAME.test(name)) {
    refuse(`a ${kind} name is 1 to 128 of [A-Za-z0-9._~-], starting with a letter or digit: ${quote(name)}`);
  }
}

/** Throws `ERR_TOXIPROXY_INVALID` unless `toxicity` is a number from 0 to 1. */
function assertToxicity(toxicity: number | undefined): void {
  if (toxicity === undefined) return;
  if (typeof toxicity !== 'number' || !(toxicity >= 0 && toxicity <= 1)) {
    refuse(`toxicity is a number from 0 to 1: ${quote(toxicity)}`);
  }
}

function assertAttributes(type: ToxicType, attributes: Readonly<Record<string, unknown>>): void {
  const rules = RULES[type];
  for (const [key, value] of Object.entries(attributes)) {
    const rule = rules[key];
    if (!rule) {
      refuse(`${type} has no attribute ${quote(key)}; it has ${Object.keys(rules).join(', ')}`);
    }
    if (value === undefined && !rule.required) continue;
    if (!Number.isInteger(value) || Number(value) < rule.min || Number(value) > MAX) {
      refuse(`${type}.${key} is a whole number from ${rule.min} to ${MAX}: ${quote(value)}`);
    }
  }
  if (type === 'slicer') {
    const { average_size: size, size_variation: variation } = attributes;
    if (size !== undefined && variation !== undefined && Number(variation) >= Number(size)) {
      refuse(`slicer.size_variation (${quote(variation)}) must be below average_size (${quote(size)})`);
    }
  }
}

/** Throws `ERR_TOXIPROXY_INVALID`, with the offending value, for a toxic that must not be sent. */
export function assertToxic(toxic: ToxicSpec): void {
  if (!Object.hasOwn(RULES, toxic.type)) {
    refuse(`unknown toxic type ${quote(toxic.type)}; there are ${Object.keys(RULES).join(', ')}`);
  }
  if (toxic.name !== undefined) assertName('toxic', toxic.name);
  if (toxic.stream !== undefined && toxic.stream !== 'upstream' && toxic.stream !== 'downstream') {
    refuse(`a toxic's stream is upstream or downstream: ${quote(toxic.stream)}`);
  }
  assertToxicity(toxic.toxicity);
  const attributes: Readonly<Record<string, unknown>> = toxic.attributes ?? {};
  assertAttributes(toxic.type, attributes);
  for (const [key, rule] of Object.entries(RULES[toxic.type])) {
    if (rule.required && attributes[key] === undefined) refuse(`${toxic.type} needs the attribute ${key}`);
  }
}

/** Throws `ERR_TOXIPROXY_INVALID` for a patch that would leave the live toxic in a state that must not be sent. */
export function assertPatch(
  type: ToxicType,
  current: Readonly<Record<string, number>>,
  patch: ToxicPatch,
): void {
  assertToxicity(patch.toxicity);
  for (const [key, value] of Object.entries(patch.attributes ?? {})) {
    if (value === undefined) refuse(`${type}.${key} is patched to undefined; leave it out to keep it`);
  }
  assertAttributes(type, { ...current, ...patch.attributes });
}
