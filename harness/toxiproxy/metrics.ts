import type { ToxicStream } from './toxic-types.ts';

/** Bytes through one proxy by direction, as Toxiproxy counts them: **a connection is counted when it ends**. */
export interface ProxyBytes {
  /** Read from the sending side. */
  readonly receivedBytes: number;
  /** Written to the receiving side. Less than `receivedBytes` means that a toxic withheld or dropped the rest. */
  readonly sentBytes: number;
}

export type ProxyMetrics = Readonly<Record<ToxicStream, ProxyBytes>>;

const SAMPLE = /^toxiproxy_proxy_(received|sent)_bytes_total\{([^}]*)\}\s+(\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Picks one proxy's byte counters out of a Prometheus text exposition; counters that are not there are 0. */
export function readProxyMetrics(exposition: string, proxy: string): ProxyMetrics {
  const bytes = {
    upstream: { receivedBytes: 0, sentBytes: 0 },
    downstream: { receivedBytes: 0, sentBytes: 0 },
  };
  for (const line of exposition.split('\n')) {
    const sample = SAMPLE.exec(line);
    if (!sample) continue;
    const labels = new Map(
      [...(sample[2] ?? '').matchAll(LABEL)].map((label) => [label[1] ?? '', label[2] ?? '']),
    );
    const direction = labels.get('direction');
    if (labels.get('proxy') !== proxy || (direction !== 'upstream' && direction !== 'downstream')) continue;
    // A proxy that was restarted on another address has one series per address.
    bytes[direction][sample[1] === 'received' ? 'receivedBytes' : 'sentBytes'] += Number(sample[3]);
  }
  return bytes;
}
