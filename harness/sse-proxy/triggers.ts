import type { RequestHead } from './http/head.ts';

/** When a fault begins to act on an exchange (a request and its response). Plain data, so plans can be printed. */
export type Trigger =
  | { readonly when: 'always' }
  | { readonly when: 'onConnect'; readonly nth: number }
  | { readonly when: 'afterHead' }
  | { readonly when: 'afterOpen' }
  | { readonly when: 'afterEvent'; readonly events: number }
  | { readonly when: 'afterId'; readonly id: string }
  | { readonly when: 'atByte'; readonly byte: number }
  | { readonly when: 'whenIdle'; readonly idleMs: number }
  | { readonly when: 'afterMs'; readonly ms: number };

/** From the request on; for an exchange that is under way when the fault is armed, at once. */
export const always = (): Trigger => ({ when: 'always' });
/** From the `nth` matching request after arming on; 1 is the next. Reused connections count each request. */
export const onConnect = (nth: number): Trigger => ({ when: 'onConnect', nth });
/** After the response head was sent. */
export const afterHead = (): Trigger => ({ when: 'afterHead' });
/** After the control frame `stream.open` was passed on. */
export const afterOpen = (): Trigger => ({ when: 'afterOpen' });
/** After the nth event of the response was passed on (control frames and heartbeats do not count). */
export const afterEvent = (events: number): Trigger => ({ when: 'afterEvent', events });
/** Before the nth event: `afterEvent(nth - 1)`. */
export const onEvent = (nth: number): Trigger => (nth <= 1 ? afterHead() : afterEvent(nth - 1));
/** After the event with this id was passed on. */
export const afterId = (id: string): Trigger => ({ when: 'afterId', id });
/** After exactly this many body bytes (HTTP framing not counted) were sent to the client. */
export const atByte = (byte: number): Trigger => ({ when: 'atByte', byte });
/** When no body byte was passed on for so long, in ms. */
export const whenIdle = (idleMs: number): Trigger => ({ when: 'whenIdle', idleMs });
/** So many ms after the request arrived. */
export const afterMs = (ms: number): Trigger => ({ when: 'afterMs', ms });

/** Limits a fault to some requests; all given conditions must hold. */
export interface ConnectionFilter {
  /** The proxy's exchange number (1 is the first request it saw, `OPTIONS` not counted), or several. */
  readonly nth?: number | readonly number[];
  /** Default: anything but `OPTIONS`. */
  readonly method?: string;
  /** A part of the request target. */
  readonly url?: string;
  /** Any other condition. */
  readonly where?: (request: RequestHead) => boolean;
}

/** Whether a request falls under a filter. */
export function matches(filter: ConnectionFilter, request: RequestHead, number: number): boolean {
  const { nth, method, url, where } = filter;
  if (method === undefined ? request.method === 'OPTIONS' : request.method !== method) return false;
  if (nth !== undefined && !(typeof nth === 'number' ? nth === number : nth.includes(number))) return false;
  if (url !== undefined && !request.url.includes(url)) return false;
  return where === undefined || where(request);
}
