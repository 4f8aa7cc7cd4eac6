/**
 * The one error class of the kit. `code` is stable and part of the public contract; `message` is for people and
 * quotes the offending value, shortened.
 */
export class SseKitError extends Error {
  override readonly name: string = 'SseKitError';
  /** Stable, machine-readable reason, for example `ERR_INVALID_EVENT_TYPE`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Renders an offending value for an error message: JSON-escaped, at most `max` characters (default 60). */
export function quote(value: unknown, max = 60): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length <= max ? text : `${text.slice(0, max)}… (${text.length} characters)`;
}
