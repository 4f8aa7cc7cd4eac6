import type { FrameKind } from '../sse-proxy/sse/frame.ts';

/** A frame as it came. Times are milliseconds since the audit began, on a clock that never runs backwards. */
export interface SeenFrame {
  readonly at: number;
  readonly kind: FrameKind;
  /** The event name; '' when the frame had none. */
  readonly type: string;
  readonly id: string | null;
  /** `data:`, at most the first 4096 characters; `null` without it. */
  readonly data: string | null;
  /** Text of its comments. */
  readonly comment: string | null;
  /** Value of its last `retry:` line, as it came. */
  readonly retry: string | null;
  /** When it was written by the server's clock, unix ms: from the envelope or the heartbeat; `null` otherwise. */
  readonly stampedAt: number | null;
  readonly bytes: number;
}

/** A piece of the body as the socket gave it, unpacked. */
export interface SeenPiece {
  readonly at: number;
  readonly bytes: number;
  /** What came so far ends in the middle of a frame. */
  readonly endsInside: boolean;
}

/** What a request was made for. */
export type Purpose = 'stream' | 'resume' | 'unknown-id' | 'uncompressed' | 'head' | 'options' | 'preflight';

/** How an exchange ended: closed by us, complete, or cut (with the system's word). */
export type Ending =
  | { readonly by: 'us'; readonly at: number }
  | { readonly by: 'server'; readonly at: number }
  | { readonly by: 'cut'; readonly at: number; readonly message: string };

/** One request and what answered it. */
export interface Exchange {
  readonly purpose: Purpose;
  readonly sentAt: number;
  /** The Last-Event-ID that was sent. */
  readonly cursor: string | null;
  /** When the head of the response was there; `null` when it never was. */
  readonly headAt: number | null;
  /** 0 without a response. */
  readonly status: number;
  readonly httpVersion: string;
  /** Of the response; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly frames: readonly SeenFrame[];
  readonly pieces: readonly SeenPiece[];
  readonly ending: Ending;
}

/** Everything that an audit saw, and what it was asked. Findings are a function of this alone. */
export interface Observations {
  /** As it may be printed: without user and query. */
  readonly url: string;
  readonly secure: boolean;
  /** Unix ms of time 0. */
  readonly startedUnixMs: number;
  readonly forMs: number;
  /** An idle stream has to say something within so long. */
  readonly idleMs: number;
  readonly origin: string | null;
  /** Names of the headers that were sent on request, in lower case. Never their values. */
  readonly headerNames: readonly string[];
  readonly redirects: number;
  /** What TLS agreed on for HTTP; `null` where it was not asked. */
  readonly alpn: string | null;
  /** The listening connection. */
  readonly stream: Exchange;
  readonly resume: Exchange | null;
  readonly unknownId: Exchange | null;
  /** The same without compression, where the first was compressed. */
  readonly uncompressed: Exchange | null;
  readonly head: Exchange | null;
  readonly options: Exchange | null;
  readonly preflight: Exchange | null;
}

export type Verdict = 'pass' | 'warn' | 'fail' | 'unknown';

/** What a check came to. */
export interface Finding {
  readonly verdict: Verdict;
  /** One line. */
  readonly why: string;
  /** What to change; only where something is to be changed. */
  readonly hint?: string;
  readonly link?: string;
  /** Values that were seen. */
  readonly evidence: readonly string[];
}

/** A question to the observations. Pure. */
export interface Check {
  /** Stable: CI reads it. */
  readonly id: string;
  readonly title: string;
  /** The best grade is not given while it is unknown. */
  readonly essential: boolean;
  judge(seen: Observations): Finding;
}
