import type { StreamRequest } from './request.ts';

/** Which other origins may read a stream. */
export interface CorsOptions {
  /** Allowed origins, `*` for all, or a function. Requests without `Origin` and from the own host always pass. */
  readonly origins: '*' | readonly string[] | ((origin: string) => boolean);
  /** Whether cookies and HTTP authentication may be sent. Not possible with `*`. Default false. */
  readonly credentials?: boolean;
  /** Request headers allowed besides `Last-Event-ID`, `Cache-Control`, `Content-Type` and `Authorization`. */
  readonly headers?: readonly string[];
  /** How long a browser may keep the answer to a preflight, seconds; default 600. */
  readonly maxAgeSeconds?: number;
}

/** How a request stands to the CORS rules, and the response headers that say so (Fetch Standard 3.2). */
export interface CorsAnswer {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

const REQUEST_HEADERS = ['Last-Event-ID', 'Cache-Control', 'Content-Type', 'Authorization', 'Traceparent'];
/** Response headers that a script of another origin may read. */
const EXPOSED = 'Stream-Resume, Retry-After';

/** Decides about a request. Without `Origin`, or from the page's own host, CORS does not apply. */
export function corsAnswer(options: CorsOptions | null, request: StreamRequest): CorsAnswer {
  if (!options) return { allowed: true, headers: {} };
  const origin = request.header('origin');
  if (origin === null || isSameHost(origin, request.header('host'))) {
    return { allowed: true, headers: { Vary: 'Origin' } };
  }
  if (!isAllowed(options, origin)) return { allowed: false, headers: { Vary: 'Origin' } };
  return {
    allowed: true,
    headers: {
      'Access-Control-Allow-Origin': options.origins === '*' ? '*' : origin,
      ...(options.credentials ? { 'Access-Control-Allow-Credentials': 'true' } : {}),
      'Access-Control-Expose-Headers': EXPOSED,
      Vary: 'Origin',
    },
  };
}

/**
 * Headers that answer a preflight. Native EventSource makes none; a fetch with `Last-Event-ID` does, which is why the
 * first connection of a fetch-based client works where its reconnect fails.
 */
export function preflightHeaders(options: CorsOptions, methods: readonly string[]): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': [...REQUEST_HEADERS, ...(options.headers ?? [])].join(', '),
    'Access-Control-Max-Age': String(options.maxAgeSeconds ?? 600),
  };
}

function isAllowed({ origins }: CorsOptions, origin: string): boolean {
  if (origins === '*') return true;
  return typeof origins === 'function' ? origins(origin) : origins.includes(origin);
}

function isSameHost(origin: string, host: string | null): boolean {
  return host !== null && (origin === `http://${host}` || origin === `https://${host}`);
}
