import {
  createEnvelope,
  encodeFrame,
  encodeStreamEnd,
  encodeStreamOpen,
  formatPosition,
} from '../../kit/protocol/index.ts';

/** Epoch of all recordings. */
export const BENCH_EPOCH = 'benchEpoch01';

/** Payload of a recorded event. */
export interface BenchPayload {
  readonly n: number;
  readonly text: string;
}

/** `stream.open` of a recording, primed before its first event. */
export function benchOpen(): string {
  return encodeStreamOpen(
    {
      stream: 'bench',
      epoch: BENCH_EPOCH,
      head: 0,
      oldest: 1,
      resume: 'fresh',
      heartbeatMs: 0,
      connection: 'bench',
      protocol: 1,
    },
    { epoch: BENCH_EPOCH, seq: 0 },
  );
}

/** The frame of event `seq`: a CloudEvents envelope of about 300 bytes. */
export function benchFrame(seq: number): string {
  const data: BenchPayload = { n: seq, text: 'the quick brown fox jumps over the lazy dog – été' };
  const position = { epoch: BENCH_EPOCH, seq };
  const envelope = createEnvelope({
    source: 'bench',
    type: 'tick',
    data,
    position,
    unixMs: 1_700_000_000_000 + seq,
  });
  return encodeFrame({ event: 'tick', id: formatPosition(position), data: JSON.stringify(envelope) });
}

/** A whole response: open, `events` events, end. */
export function recording(events: number): Buffer {
  const parts = [benchOpen()];
  for (let seq = 1; seq <= events; seq++) parts.push(benchFrame(seq));
  parts.push(encodeStreamEnd());
  return Buffer.from(parts.join(''));
}
