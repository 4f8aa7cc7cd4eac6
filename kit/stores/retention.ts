import { quote, SseKitError } from '../protocol/index.ts';

/** Refuses bounds that hold nothing. @throws SseKitError `ERR_INVALID_OPTION` */
export function assertBounds(bounds: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(bounds)) {
    if (!(value >= 1)) {
      throw new SseKitError('ERR_INVALID_OPTION', `${option} must be at least 1, got ${quote(value)}`);
    }
  }
}
