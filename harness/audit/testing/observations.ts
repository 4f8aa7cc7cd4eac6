import type { Exchange, Observations, Purpose, SeenFrame, SeenPiece } from '../types.ts';

/** A frame that came at this time. */
export function frame(at: number, more: Partial<SeenFrame> = {}): SeenFrame {
  const bare = { kind: 'event', type: 'tick', id: null, data: null, comment: null, retry: null } as const;
  return { at, ...bare, stampedAt: null, bytes: 50, ...more };
}

/** Events `1`, `2` … at these times. */
export function events(...times: readonly number[]): SeenFrame[] {
  return times.map((at, index) => event(index + 1, at));
}

/** The event of this number; the same whenever it comes. */
export function event(n: number, at: number, more: Partial<SeenFrame> = {}): SeenFrame {
  return frame(at, { id: `${n}`, data: `{"n":${n}}`, ...more });
}

export function beat(at: number): SeenFrame {
  return frame(at, { kind: 'heartbeat', type: '', comment: 'hb' });
}

/** An exchange that answers well and is ended by us after 20 s. */
export function exchange(more: Partial<Exchange> = {}, purpose: Purpose = 'stream'): Exchange {
  const frames = more.frames ?? [];
  const pieces: SeenPiece[] = frames.map(({ at, bytes }) => ({ at, bytes, endsInside: false }));
  return {
    purpose,
    sentAt: 0,
    cursor: null,
    headAt: 10,
    status: 200,
    httpVersion: '1.1',
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' },
    frames,
    pieces,
    ending: { by: 'us', at: 20_000 },
    ...more,
  };
}

export function observations(more: Partial<Observations> = {}): Observations {
  return {
    url: 'http://x/events',
    secure: false,
    startedUnixMs: 1_700_000_000_000,
    forMs: 20_000,
    idleMs: 15_000,
    origin: null,
    headerNames: [],
    redirects: 0,
    alpn: null,
    stream: exchange(),
    resume: null,
    unknownId: null,
    uncompressed: null,
    head: exchange({ status: 405, headers: {} }, 'head'),
    options: exchange({ status: 204, headers: {} }, 'options'),
    preflight: null,
    ...more,
  };
}
