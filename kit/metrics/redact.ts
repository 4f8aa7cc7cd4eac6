const MASK = '[redacted]';
const SECRET_NAME =
  /token|secret|passw|authoriz|api[-_]?key|access[-_]?key|credential|signature|^sig$|session|cookie|^jwt$|^code$|^auth$/i;
const QUERY = /([?&;])([^=&;#\s"']+)=([^&;#\s"']*)/g;
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^/@\s"']+@/gi;
const SCHEME = /\b(bearer|basic|digest)\s+[^\s,;"']+/gi;
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const DEEPEST = 6;

/** Hides credentials in text: secret query parameters, user info in URLs, `Authorization` values, JSON Web Tokens. */
export function redactText(text: string): string {
  return text
    .replace(USER_INFO, `$1${MASK}@`)
    .replace(QUERY, (whole, before: string, name: string) =>
      isSecret(name) ? `${before}${name}=${MASK}` : whole,
    )
    .replace(SCHEME, `$1 ${MASK}`)
    .replace(JWT, MASK);
}

/**
 * Makes a value fit for a log line: credentials hidden in names and texts, errors as `{name, code, message, cause}`,
 * nothing deeper than six levels, no cycles. Returns plain data.
 */
export function redact(value: unknown): unknown {
  return clean(value, 0);
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
  if (depth >= DEEPEST) return '[deeper]';
  if (value instanceof Error) return cleanError(value, depth);
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  const entries = value instanceof Headers || value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, item]) => [name, isSecret(String(name)) ? MASK : clean(item, depth + 1)]),
  );
}

function cleanError(error: Error, depth: number): object {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: clean(error.cause, depth + 1) };
  return { name: error.name, ...code, message: redactText(error.message), ...cause };
}

function isSecret(name: string): boolean {
  try {
    return SECRET_NAME.test(decodeURIComponent(name));
  } catch {
    return SECRET_NAME.test(name); // a broken escape is judged as it stands
  }
}
