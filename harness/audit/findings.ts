import type { Exchange, Finding, SeenFrame } from './types.ts';

/** More about a finding. */
interface More {
  readonly hint?: string;
  readonly link?: string;
  readonly evidence?: readonly string[];
}

const finding =
  (verdict: Finding['verdict']) =>
  (why: string, { evidence = [], ...more }: More = {}): Finding => ({ verdict, why, ...more, evidence });

export const pass = finding('pass');
export const warn = finding('warn');
export const fail = finding('fail');
export const unknown = finding('unknown');

/** Links that several checks give. */
export const LINKS = {
  spec: 'https://html.spec.whatwg.org/multipage/server-sent-events.html',
  nginx: 'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering',
  caching: 'https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2',
  cors: 'https://fetch.spec.whatwg.org/#http-cors-protocol',
} as const;

/** Names that servers give to heartbeats which are events. */
const BEAT = /^(stream\.heartbeat|heartbeat|keep-?alive|ping|pong|hb)$/i;

/** Something that is said only so that something is said. */
export function isBeat({ kind, type }: SeenFrame): boolean {
  return kind === 'heartbeat' || (kind === 'event' && BEAT.test(type));
}

/** The events of the application, in order. */
export function eventsOf(exchange: Exchange): SeenFrame[] {
  return exchange.frames.filter((frame) => frame.kind === 'event' && !isBeat(frame));
}

/** A duration in words. */
export function span(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}

/** `1 event`, `2 events`. */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** A value of the server, short and without control characters. */
export function seenValue(value: string, max = 48): string {
  const text = JSON.stringify(value.length > max ? `${value.slice(0, max)}…` : value);
  return text.slice(1, -1).replaceAll('\\"', '"');
}
