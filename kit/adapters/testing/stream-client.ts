import http, { type IncomingHttpHeaders } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { selfSigned } from './self-signed.ts';

/** A frame as a test sees it. A comment has `comment` and nothing else. */
export interface SeenFrame {
  readonly event?: string;
  readonly id?: string;
  readonly data: string;
  readonly comment?: string;
}

/** An open response in a test: every wait has a deadline and says what it waited for. */
export interface StreamClient {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Everything that was read so far. */
  readonly seen: readonly SeenFrame[];
  /** The last `retry:` that was read. */
  readonly retryMs: number | null;
  /** Text that was read so far. */
  readonly text: string;
  /** How the response ended: in good order, or cut off. */
  readonly ended: Promise<'end' | 'cut'>;
  /** Waits for the next frame, after those that earlier calls returned, that fits. */
  next(what: string, fits: (frame: SeenFrame) => boolean): Promise<SeenFrame>;
  /** Waits for the next frame of an event type. */
  event(type: string): Promise<SeenFrame>;
  /** Stops reading, so that the sender sees backpressure. */
  pause(): void;
  go(): void;
  close(): void;
}

/** A request of a test. */
export interface ClientRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Speak HTTP/2. By the URL's scheme: in clear text, or over TLS. */
  readonly http2?: boolean;
}

const DEADLINE_MS = 10_000;

/** Opens a stream (or any response) and reads it with an independent parser. */
export async function openStream(url: string, request: ClientRequest = {}): Promise<StreamClient> {
  const { status, headers, body, close } = request.http2
    ? await requestHttp2(url, request)
    : await requestHttp1(url, request);
  return new Client(status, headers, body, close);
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  readonly close: () => void;
}

function requestHttp1(url: string, request: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {} } = request;
    const options = { method, headers, agent: false as const };
    const send = url.startsWith('https:')
      ? (seen: (response: http.IncomingMessage) => void) =>
          https.request(url, { ...options, ca: selfSigned().cert }, seen)
      : (seen: (response: http.IncomingMessage) => void) => http.request(url, options, seen);
    const outgoing = send((response) => {
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: response,
        close: () => outgoing.destroy(),
      });
    });
    outgoing.setTimeout(DEADLINE_MS);
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
}

function requestHttp2(url: string, request: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { origin, pathname, search } = new URL(url);
    const session = http2.connect(origin, url.startsWith('https:') ? { ca: selfSigned().cert } : {});
    session.on('error', reject);
    const stream = session.request({
      ':method': request.method ?? 'GET',
      ':path': pathname + search,
      ...request.headers,
    });
    stream.on('error', reject);
    stream.on('close', () => session.close());
    stream.on('response', (headers) => {
      const status = Number(headers[':status']);
      resolve({
        status,
        headers: headers as IncomingHttpHeaders,
        body: stream,
        close: () => session.destroy(),
      });
    });
    stream.end(request.body);
  });
}

class Client implements StreamClient {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly seen: SeenFrame[] = [];
  readonly ended: Promise<'end' | 'cut'>;
  readonly close: () => void;
  retryMs: number | null = null;
  text = '';
  readonly #body: Readable;
  #taken = 0;
  #waiting: (() => void) | null = null;
  #over = false;

  constructor(status: number, headers: IncomingHttpHeaders, body: Readable, close: () => void) {
    this.status = status;
    this.headers = headers;
    this.close = close;
    this.#body = body;
    const parser = createParser({
      onEvent: (event: EventSourceMessage) => {
        this.seen.push({
          data: event.data,
          ...(event.event === undefined ? {} : { event: event.event }),
          ...(event.id === undefined ? {} : { id: event.id }),
        });
      },
      onComment: (comment) => this.seen.push({ comment, data: '' }),
      onRetry: (retryMs) => {
        this.retryMs = retryMs;
      },
    });
    body.setEncoding('utf8');
    body.on('data', (text: string) => {
      this.text += text;
      parser.feed(text);
      this.#waiting?.();
    });
    let complete = false;
    body.on('end', () => {
      complete = true;
    });
    // A cut shows as an error and as a close without end; the latter is what `ended` reports.
    body.on('error', () => this.#waiting?.());
    this.ended = new Promise((resolve) => {
      body.on('close', () => {
        this.#over = true;
        this.#waiting?.();
        resolve(complete ? 'end' : 'cut');
      });
    });
  }

  event(type: string): Promise<SeenFrame> {
    return this.next(type, (frame) => frame.event === type);
  }

  async next(what: string, fits: (frame: SeenFrame) => boolean): Promise<SeenFrame> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      while (this.#taken < this.seen.length) {
        const frame = this.seen[this.#taken++];
        if (frame && fits(frame)) return frame;
      }
      if (this.#over || Date.now() >= deadline) {
        const why = this.#over ? 'the response ended' : 'nothing came';
        throw new Error(`waited for ${what}, but ${why}; seen: ${JSON.stringify(this.seen.slice(-5))}`);
      }
      await this.#more(deadline - Date.now());
    }
  }

  pause(): void {
    this.#body.pause();
  }

  go(): void {
    this.#body.resume();
  }

  #more(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#waiting = () => {
        clearTimeout(timer);
        this.#waiting = null;
        resolve();
      };
    });
  }
}
