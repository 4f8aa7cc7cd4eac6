/**
 * Reads `Retry-After`: whole seconds, or an HTTP date (RFC 9110 10.2.3).
 * @returns milliseconds from `nowUnixMs`, at least 0; 0 when there is none or it is neither.
 */
export function parseRetryAfter(value: string | null, nowUnixMs: number): number {
  const text = (value ?? '').trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Date.parse also takes "5x" in some engines; an HTTP date always has letters, and begins with one.
  return /^[A-Za-z]{3}/.test(text) ? Math.max(0, Date.parse(text) - nowUnixMs) || 0 : 0;
}
