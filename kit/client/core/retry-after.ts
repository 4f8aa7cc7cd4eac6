/**
 * Reads `Retry-After`: whole seconds, or an HTTP date (RFC 9110 10.2.3).
 * @returns milliseconds from `nowUnixMs`, at least 0; `null` when there is none or it is neither.
 */
export function parseRetryAfter(value: string | null, nowUnixMs: number): number | null {
  const text = value?.trim();
  if (!text) return null;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Date.parse also takes "5" and "5x" in some engines; an HTTP date always has letters, and begins with one.
  if (!/^[A-Za-z]{3}/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - nowUnixMs);
}
