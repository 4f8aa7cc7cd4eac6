import { STREAM_CANNOT_RESUME, STREAM_OPEN } from '../../protocol/constants.ts';
import { assertFieldValue } from '../../protocol/frame.ts';
import { connectWith } from '../connect.ts';
import type { Failure } from '../core/failure.ts';
import type { ClientFact } from '../facts.ts';
import type { ConnectOptions, PerAttempt } from '../options.ts';
import type { ClientPorts } from '../ports.ts';
import type { Upstream, UpstreamSink } from './leader.ts';
import type { FailureNote } from './messages.ts';

/** Options that concern the real connection; all others concern what a tab does with the events. */
const REQUEST_OPTIONS = [
  'method',
  'headers',
  'body',
  'credentials',
  'cursor',
  'trace',
  'retry',
  'connectTimeoutMs',
  'liveness',
  'budget',
  'bounds',
] as const;

/** Takes the options of the real connection out of all options. */
export function splitOptions(options: ConnectOptions): { request: ConnectOptions; tab: ConnectOptions } {
  const all: Record<string, unknown> = { ...options };
  const request: Record<string, unknown> = {};
  for (const name of REQUEST_OPTIONS) {
    if (all[name] === undefined) continue;
    request[name] = all[name];
    if (name !== 'bounds') delete all[name];
  }
  return { request, tab: all };
}

/** What the real connection is made of. */
export interface UpstreamDeps {
  readonly url: PerAttempt<string | URL>;
  readonly request: ConnectOptions;
  readonly ports: ClientPorts;
  readonly name: string;
  readonly observe?: ((fact: ClientFact) => void) | undefined;
}

/** The real connection: a whole client, whose handler passes events on. */
export function openUpstream(deps: UpstreamDeps, cursor: string | null, sink: UpstreamSink): Upstream {
  let failure: Failure | null = null;
  let open = false;
  const handle = connectWith(() => deps.ports, deps.url, {
    ...deps.request,
    name: deps.name,
    format: 'text',
    from: cursor,
    ...(deps.observe ? { observe: deps.observe } : {}),
    onEvent({ type, id, raw }) {
      assertFieldValue('event', type); // a NUL cannot be written again
      sink.item({ kind: 'event', type, id, raw });
    },
    onOpen({ url, server }) {
      open = true;
      sink.opened(url, server, handle.stats().cursor);
    },
    onControl({ frame }) {
      if (frame.type === STREAM_OPEN) return;
      if (frame.type === STREAM_CANNOT_RESUME) {
        assertFieldValue('from', frame.body.from); // it becomes an id; without it a tab sees the hole
        sink.item({ kind: 'jump', loss: frame.body });
        return;
      }
      const [name, data] =
        frame.type === 'unknown' ? [frame.name, frame.data] : [frame.type, JSON.stringify(frame.body)];
      assertFieldValue('event', name);
      sink.item({ kind: 'control', name, data });
    },
    onHeartbeat: ({ head, serverUnixMs }) => sink.item({ kind: 'beat', head, unixMs: serverUnixMs }),
    onDisconnect(fact) {
      failure = fact.failure;
    },
    onStateChange({ to }) {
      if (to === 'open' || to === 'draining') return;
      if (open && to !== 'closed') sink.down(note(failure));
      open = false;
    },
    onClose({ reason }) {
      if (reason.type === 'complete') sink.over(null);
      else if (reason.type === 'gave-up') sink.over(note(reason.failure));
    },
  });
  return { close: () => void handle.close('no longer needed') };
}

function note(failure: Failure | null): FailureNote | null {
  if (!failure) return null;
  const { cause, message, status } = failure;
  return { cause, message, ...(status === undefined ? {} : { status }) };
}
