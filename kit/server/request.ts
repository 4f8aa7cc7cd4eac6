import type { Sink, SinkEvents } from './sink.ts';

/** What a stream needs to know of a request, whatever framework it came by. */
export interface StreamRequest {
  /** Upper case. */
  readonly method: string;
  /** Path and query, or an absolute URL. */
  readonly url: string;
  /** A request header by lower-case name; `null` when absent. */
  header(name: string): string | null;
  /** The framework's own request, for hooks. */
  readonly raw?: unknown;
}

/** What a stream answers. Adapters write status and headers as they are. */
export interface StreamReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReplyBody;
}

/** The body: none, a short text, or a stream. A stream MUST be started, even when the client has already gone. */
export type ReplyBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'stream';
      /** Starts writing. `connect` makes the sink, given whom it tells about drain and close. */
      readonly start: (connect: (events: SinkEvents) => Sink) => void;
    };

/** A query parameter of a request; `null` when absent or when the URL cannot be read. */
export function queryParameter(request: StreamRequest, name: string): string | null {
  const at = request.url.indexOf('?');
  if (at < 0) return null;
  return new URLSearchParams(request.url.slice(at + 1)).get(name);
}
