/**
 * An error of the history files, shaped like the kit's `SseKitError` (`code`, quoted value) without sharing its code:
 * nothing under harness/history and harness/oracle may share a bug with the kit.
 */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
  /** Stable reason: `ERR_HISTORY_CLOSED`, `ERR_HISTORY_RECORD`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
