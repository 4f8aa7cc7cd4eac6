import type { Check } from '../types.ts';
import { drain, retry } from './ending.ts';
import { caching, compression, contentType, cors, firstByte, http, methods, status } from './head.ts';
import { gap, ids, resumption } from './resume.ts';
import { buffering, heartbeat } from './timing.ts';

/** All checks, in the order of the card. */
export const CHECKS: readonly Check[] = [
  status,
  contentType,
  caching,
  compression,
  firstByte,
  buffering,
  heartbeat,
  ids,
  resumption,
  gap,
  retry,
  cors,
  http,
  methods,
  drain,
];
