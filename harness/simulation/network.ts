import type { Transport, TransportRequest, TransportResponse } from '../../kit/client/transport.ts';
import type { StreamReply, StreamRequest } from '../../kit/server/index.ts';
import type { VirtualClock } from '../../kit/testing/index.ts';
import type { Random } from '../runner/random.ts';
import { FrameFaults } from './frame-faults.ts';
import { Link } from './link.ts';
import type { FaultLife, Recorder } from './recorder.ts';
import type { Answer, Setup } from './schedule.ts';

/** Who answers requests, when it is up. */
export interface Upstream {
  readonly isUp: boolean;
  handle(request: StreamRequest): Promise<StreamReply>;
}

export interface NetworkParts {
  readonly world: VirtualClock;
  readonly setup: Setup;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly upstream: Upstream;
  /** Changes what the server writes, to plant a bug. */
  readonly tamper: ((text: string) => string) | null;
}

export const STREAM_URL = 'http://simulated/stream';

/** The way between one client and the server. It lives as long as the run; connections come and go on it. */
export class Path {
  readonly frames = new FrameFaults();
  online = true;
  /** Fires when this client's connection attempt fails for want of a network. */
  offlineLife: FaultLife | null = null;
  asleep = false;
  readonly #links = new Set<Link>();
  readonly #network: Network;
  readonly #subject: string;
  #count = 0;

  constructor(network: Network, subject: string) {
    this.#network = network;
    this.#subject = subject;
  }

  /** The connection that the client has now, if any. */
  get link(): Link | null {
    return [...this.#links].findLast((link) => link.isOpen) ?? null;
  }

  get links(): ReadonlySet<Link> {
    return this.#links;
  }

  /** For the client's port `transport`. */
  readonly transport: Transport = (request) => {
    const { parts } = this.#network;
    if (!this.online) {
      this.offlineLife?.fired({ subject: this.#subject, refused: 'ENETUNREACH' });
      return Promise.reject(new Error('connect ENETUNREACH'));
    }
    const id = `${this.#subject}:${++this.#count}`;
    const link: Link = new Link({
      ...parts,
      id,
      filter: this.frames.open(),
      gone: () => this.#links.delete(link),
    });
    this.#links.add(link);
    if (this.asleep) link.hold();
    return this.#network.carry(request, link, this.#subject);
  };

  /** The machine sleeps: nothing gets to it. */
  sleep(): void {
    this.asleep = true;
    for (const link of this.#links) link.hold();
  }

  wake(): void {
    this.asleep = false;
    for (const link of this.#links) link.release();
  }
}

/** All ways to the server, and what happens to new connections. */
export class Network {
  readonly parts: NetworkParts;
  readonly paths: Path[] = [];
  /** Those who refuse new connections, and those who swallow them: the longest serving first. */
  readonly refusing = new Set<FaultLife>();
  readonly swallowing = new Set<FaultLife>();
  readonly #answers: { readonly step: Answer; readonly life: FaultLife; left: number }[] = [];

  constructor(parts: NetworkParts) {
    this.parts = parts;
  }

  path(subject: string): Path {
    const path = new Path(this, subject);
    this.paths.push(path);
    return path;
  }

  answerInstead(step: Answer, life: FaultLife): void {
    this.#answers.push({ step, life, left: step.times });
  }

  serverDies(how: 'reset' | 'end' | 'silent'): number {
    const links = this.paths.flatMap((path) => [...path.links]);
    for (const link of links) link.serverDies(how);
    return links.length;
  }

  heal(): void {
    this.refusing.clear();
    this.swallowing.clear();
    this.#answers.length = 0;
    for (const path of this.paths) {
      path.frames.heal();
      for (const link of path.links) link.heal();
    }
  }

  /** One request and its answer. */
  carry(request: TransportRequest, link: Link, subject: string): Promise<TransportResponse> {
    const { world, setup, recorder, upstream } = this.parts;
    const after = (act: () => void): void => void world.setTimeout(act, setup.latencyMs);
    return new Promise((resolve, reject) => {
      const refuse = (evidence: string): void => {
        link.serverDies('silent');
        link.abandon();
        after(() => reject(new Error(`connect ${evidence}`)));
      };
      const [refusing] = this.refusing;
      if (refusing || !upstream.isUp) {
        refusing?.fired({ subject, refused: link.id });
        refuse('ECONNREFUSED');
        return;
      }
      recorder.write({
        kind: 'request',
        connection: link.id,
        method: request.method,
        url: request.url.slice(STREAM_URL.lastIndexOf('/')),
        lastEventId: request.headers['last-event-id'] ?? null,
        subject,
      });
      link.request(requestHead(request));
      request.signal.addEventListener('abort', () => {
        link.abandon();
        reject(new Error('aborted'));
      });
      const respond = (status: number, headers: Readonly<Record<string, string>>): void =>
        link.respond(responseHead(status, headers), () =>
          resolve(response(status, headers, request.url, link)),
        );
      const [swallowing] = this.swallowing;
      if (swallowing) {
        swallowing.fired({ subject, swallowed: link.id });
        link.serverDies('silent');
        return;
      }
      const answer = this.#takeAnswer(link.id);
      after(() => {
        if (answer) {
          const retry = answer.retryAfter > 0 ? { 'retry-after': String(answer.retryAfter) } : {};
          respond(answer.status, { 'content-type': 'text/plain', ...retry });
          link.finish('a proxy');
        } else if (!upstream.isUp) {
          link.serverDies('reset');
          reject(new Error('ECONNRESET'));
        } else void upstream.handle(seenByServer(request)).then((reply) => this.#reply(reply, link, respond));
      });
    });
  }

  #reply(
    { status, headers, body }: StreamReply,
    link: Link,
    respond: (status: number, headers: Readonly<Record<string, string>>) => void,
  ): void {
    respond(status, lowerCase(headers));
    if (body.kind === 'stream') body.start((events) => link.sink(events));
    else link.finish(body.kind === 'text' ? body.text : '');
  }

  #takeAnswer(link: string): Answer | null {
    const [first] = this.#answers;
    if (!first) return null;
    first.life.fired({ answered: link, status: first.step.status });
    if (--first.left <= 0) this.#answers.shift();
    return first.step;
  }
}

function seenByServer({ method, url, headers }: TransportRequest): StreamRequest {
  return { method, url, header: (name) => headers[name] ?? null };
}

function response(
  status: number,
  headers: Readonly<Record<string, string>>,
  url: string,
  link: Link,
): TransportResponse {
  return { status, url, header: (name) => headers[name] ?? null, body: link };
}

function requestHead({ method, url, headers }: TransportRequest): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${new URL(url).pathname} HTTP/1.1\r\n${fields.join('')}\r\n`;
}

/** Without a length: the body goes on until the connection ends, so that it can end anywhere without a word. */
function responseHead(status: number, headers: Readonly<Record<string, string>>): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Simulated\r\n${fields.join('')}\r\n`;
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
