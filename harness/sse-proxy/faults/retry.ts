import type { FaultDefinition } from '../types.ts';
import { insertBefore } from './insert.ts';

export interface RetryParams {
  /** As it is to stand on the line: `0`, `3000000000`, `5x`. */
  readonly value: number | string;
}

/** Puts a `retry:` line of its own in front of the next frame. */
export const retry: FaultDefinition<RetryParams> = {
  name: 'retry',
  summary: 'sends a retry: line, hostile or not',
  params: { value: 'the text of the line: 0, 3000000000, 5x' },
  start: ({ value }, context) => insertBefore(context, () => Buffer.from(`retry: ${value}\n\n`)),
};
