import type { ToxicStream } from '../toxic-types.ts';

type Counter = 'received' | 'sent';

/** Byte totals per proxy and direction in the exposition format and under the names of the real server's /metrics. */
export class BytesCounter {
  readonly #series = new Map<string, number>();

  add(
    counter: Counter,
    direction: ToxicStream,
    proxy: { name: string; listen: string; upstream: string },
    bytes: number,
  ): void {
    const labels = `direction="${direction}",listener="${proxy.listen}",proxy="${proxy.name}",upstream="${proxy.upstream}"`;
    const series = `toxiproxy_proxy_${counter}_bytes_total{${labels}}`;
    this.#series.set(series, (this.#series.get(series) ?? 0) + bytes);
  }

  exposition(): string {
    const lines: string[] = [];
    for (const counter of ['received', 'sent'] as const) {
      const name = `toxiproxy_proxy_${counter}_bytes_total`;
      lines.push(`# HELP ${name} `, `# TYPE ${name} counter`);
      for (const [series, value] of this.#series) {
        if (series.startsWith(name)) lines.push(`${series} ${value}`);
      }
    }
    return `${lines.join('\n')}\n`;
  }
}
