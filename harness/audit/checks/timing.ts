import { parseControl } from '../../../kit/protocol/index.ts';
import { count, fail, isBeat, LINKS, pass, span, unknown, warn } from '../findings.ts';
import type { Check, Exchange, Observations, SeenFrame } from '../types.ts';

/** What comes within so long of each other came in one go. */
const TOGETHER_MS = 50;
/** Held back for so long, an event was not delayed by the network. */
const HELD_MS = 400;

/** Frames by the go in which they came. */
function burstsOf(frames: readonly SeenFrame[]): SeenFrame[][] {
  const bursts: SeenFrame[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const frame of frames) {
    if (frame.at - last > TOGETHER_MS) bursts.push([]);
    bursts.at(-1)?.push(frame);
    last = frame.at;
  }
  return bursts;
}

/**
 * How long each frame was on its way beyond the fastest, for those that were written after the request. The clocks need
 * not agree: the fastest frame stands for no delay at all.
 */
export function delaysOf(stream: Exchange, startedUnixMs: number): number[] {
  const stamped = stream.frames.flatMap(({ at, stampedAt }) =>
    stampedAt === null ? [] : [{ at, stampedAt, lag: startedUnixMs + at - stampedAt }],
  );
  const fastest = Math.min(...stamped.map(({ lag }) => lag));
  const written = (stampedAt: number) => stampedAt + fastest - startedUnixMs;
  return stamped
    .filter(({ stampedAt }) => written(stampedAt) >= stream.sentAt)
    .map(({ at, stampedAt }) => at - written(stampedAt));
}

/** Pauses in the middle of a small frame: something sends when a buffer is full, not when an event is. */
function cutsByBuffer({ pieces, frames }: Exchange): number {
  const sizes = frames.map(({ bytes }) => bytes).sort((a, b) => a - b);
  if ((sizes[Math.floor(sizes.length / 2)] ?? Number.POSITIVE_INFINITY) > 2048) return 0;
  return pieces.filter((piece, index) => {
    const next = pieces[index + 1];
    return piece.endsInside && next !== undefined && next.at - piece.at > HELD_MS / 2;
  }).length;
}

export const buffering: Check = {
  id: 'buffering',
  title: 'Buffering',
  essential: true,
  judge({ stream, startedUnixMs }) {
    if (stream.frames.length === 0) return unknown('nothing came to compare times of');
    const bursts = burstsOf(stream.frames);
    const delays = delaysOf(stream, startedUnixMs);
    const held = delays.filter((delay) => delay > HELD_MS);
    const cuts = cutsByBuffer(stream);
    const evidence = [`${count(stream.frames.length, 'frame')} in ${count(bursts.length, 'piece')}`];
    const more = {
      hint: 'Send X-Accel-Buffering: no, or turn off buffering of responses in the proxy (nginx: proxy_buffering off).',
      link: LINKS.nginx,
      evidence,
    };
    if (held.length >= Math.max(2, delays.length / 5)) {
      const worst = span(Math.max(...held));
      evidence.push(`${held.length} of ${delays.length} later than ${span(HELD_MS)} after they were written`);
      return fail(`held back and sent in bursts: up to ${worst} after it was written`, more);
    }
    if (cuts >= 2) {
      evidence.push(`${cuts} pauses in the middle of an event`);
      return fail(`sent when a buffer is full: ${cuts} pauses in the middle of an event`, more);
    }
    const crowded = bursts.filter((burst) => burst.filter(({ kind }) => kind === 'heartbeat').length > 1);
    if (crowded.length > 0 && bursts.length > 1) {
      return fail('heartbeats, which a timer spaces, come several at a time', more);
    }
    const live = bursts.slice(1);
    const perBurst = live.flat().length / live.length;
    if (delays.length < 3 && live.length >= 2 && perBurst >= 3 && gapsOf(live).every((gap) => gap >= 500)) {
      return warn(`${perBurst.toFixed(0)} frames at a time: a buffer, or published so`, more);
    }
    if (delays.length >= 3) {
      const spread = Math.max(...delays);
      return pass(`one by one, none more than ${span(Math.max(1, spread))} later than the fastest`, {
        evidence,
      });
    }
    if (live.length >= 3) return pass('frames come one by one', { evidence });
    return unknown('too little came after the beginning to compare', { evidence });
  },
};

function gapsOf(bursts: readonly SeenFrame[][]): number[] {
  return bursts.slice(1).map((burst, index) => (burst[0]?.at ?? 0) - (bursts[index]?.[0]?.at ?? 0));
}

/** Servers of this kit say how long they are silent at most. */
function declaredMs(stream: Exchange): number {
  for (const { kind, type, data } of stream.frames) {
    const frame = kind === 'control' ? parseControl(type, data ?? '') : null;
    if (frame?.type === 'stream.open') return frame.body.heartbeatMs;
  }
  return 0;
}

/** The longest time in which nothing came, the end of the audit included. */
export function longestSilence({ headAt, frames, ending }: Exchange): number {
  if (headAt === null) return 0;
  const times = [headAt, ...frames.map(({ at }) => at), ending.at];
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
}

export const heartbeat: Check = {
  id: 'heartbeat',
  title: 'Heartbeat',
  essential: false,
  judge({ stream, idleMs }: Observations) {
    if (stream.headAt === null) return unknown('no response came');
    const silence = longestSilence(stream);
    const declared = declaredMs(stream);
    const beats = stream.frames.filter(isBeat);
    // The first words of a stream are no heartbeat: it is one after something else, and some time.
    const seen = beats.some(({ at }) => stream.frames.some((other) => at - other.at > TOGETHER_MS));
    const evidence = [
      `longest silence ${span(silence)}`,
      count(beats.length, 'heartbeat'),
      ...(declared > 0 ? [`declares ${span(declared)}`] : []),
    ];
    const hint = `Write a comment (": hb") when nothing else was written for ${span(Math.min(idleMs, 15_000))}: proxies cut silent connections, most after 30 to 60 s.`;
    if (declared > 0 && silence > declared * 1.5 + 1000) {
      return fail(`silent for ${span(silence)}, although it promises ${span(declared)}`, { hint, evidence });
    }
    const limit = idleMs * 1.1;
    if (silence > limit) {
      if (seen) return warn(`silent for ${span(silence)} between heartbeats`, { hint, evidence });
      const slower = ` If its heartbeat is slower than ${span(idleMs)}, look longer: --idle 30s --for 45s.`;
      return fail(`said nothing for ${span(silence)}`, { hint: hint + slower, evidence });
    }
    if (seen) return pass(`never silent for longer than ${span(silence)}`, { evidence });
    const promise = declared > 0 ? `; it promises ${span(declared)}` : '';
    return unknown(`never idle for ${span(idleMs)}, so nothing shows${promise}`, { evidence });
  },
};
