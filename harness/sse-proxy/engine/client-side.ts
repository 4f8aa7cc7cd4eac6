import type { RequestHead } from '../http/head.ts';
import type { Clock } from '../types.ts';
import type { SocketWriter } from './socket-writer.ts';
import type { Tap } from './tap.ts';
import type { Upstream } from './upstream.ts';

/** What becomes of the client's connection. `keep`: it takes the next request. `close`: it is to be closed. `held`: leave it as it is. */
export type Outcome = 'keep' | 'close' | 'held';

/** The client's connection as an exchange uses it. */
export interface ClientSide {
  readonly id: string;
  readonly writer: SocketWriter;
  readonly tap: Tap;
  readonly clock: Clock;
  /** What the upstream is asked in the place of this request. */
  ask(request: RequestHead): RequestHead;
  /** The upstream connection of this client, opened when there is none. */
  upstream(): Upstream;
  /** Closes it, so that the next exchange opens another. */
  dropUpstream(how: 'fin' | 'rst'): void;
  /** Sends the request body to the upstream (or nowhere); true when it was complete. */
  forwardBody(to: SocketWriter | null): Promise<boolean>;
  /** Resolves when the client has closed. */
  readonly closed: Promise<unknown>;
  end(how: 'fin' | 'rst'): Promise<boolean>;
}
