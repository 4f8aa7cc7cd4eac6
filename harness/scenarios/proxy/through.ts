import type { FrontProxyKind } from '../../front-proxies/index.ts';
import { openRawStream, type RawStream } from '../../runner/raw-stream.ts';
import { quantile } from '../../runner/site.ts';
import type { Stage } from '../../runner/stage.ts';
import { type Scenario, scenario } from '../scenario.ts';

/** Events whose delivery is measured, one at a time. */
const MEASURED = 20;

/** What a real proxy in front of the server is expected to do. */
export interface Through {
  readonly id: string;
  readonly front: FrontProxyKind;
  readonly title: string;
  readonly hypothesis: string;
  /** What proves in a response head that the program was there. */
  readonly trace: RegExp;
  /** Bounds of the median of what the proxy adds to the delivery of one small event, in ms. */
  readonly median: { readonly atLeast?: number; readonly below: number };
}

/** A stream through a real proxy program: delivered at once, and resumed through it. */
export function through({ id, front, title, hypothesis, trace, median }: Through): Scenario {
  const program = front.startsWith('nginx') ? 'nginx' : 'haproxy';
  return scenario({
    id,
    title,
    hypothesis,
    steadyState:
      'One open connection through the proxy; the next event is published when the last has arrived.',
    guarantee: 'effectively-once',
    budget: { healMs: 5000, catchUpMs: 3000 },
    needs: ['connect', 'resume', 'replay', 'process', program],
    faults: [`front/${program}`, 'toxiproxy/down'],
    server: { front },
    async run(s) {
      const proxy = s.planned(`front/${program}`);
      proxy.armed();
      await s.client.connects();
      // Two bystanders get the same events, one of them past the proxy: the difference is the proxy's own.
      const past = await openRawStream(s.site.directUrl());
      const behind = await openRawStream(s.site.url(), { 'accept-encoding': 'gzip' });
      await Promise.all([past.until('event: stream.open'), behind.until('event: stream.open')]);
      for (let n = 1; n <= MEASURED; n++) {
        await s.publish(1);
        const id = s.seen('produced').at(-1)?.id ?? '';
        await Promise.all([past.until(id), behind.until(id), s.client.processed(n)]);
      }
      s.note(`content encoding: ${behind.headers['content-encoding'] ?? 'none'}`);
      for (const stream of [past, behind]) stream.close();
      const head = responseHeads(s).find((text) => trace.test(text));
      if (head !== undefined) proxy.fired({ said: trace.exec(head)?.[0] });
      proxy.healed();
      s.site.sample('delivery.added', quantile(added(past, behind), 0.5), 'ms');
      s.site.sample('delivery.behind', quantile(took(s, behind), 0.5), 'ms');
      const outage = await s.network.down();
      await s.publish(10);
      await outage.heal();
      await s.client.processed(MEASURED + 10);
    },
    check: (s) => {
      const [measured] = s.seen('sample').filter(({ name }) => name === 'delivery.added');
      if (!measured) return ['nothing was measured'];
      const ms = Math.round(measured.value);
      const [whole] = s.seen('sample').filter(({ name }) => name === 'delivery.behind');
      const text = whole ? ` of ${Math.round(whole.value)} ms from publication to arrival` : '';
      s.note(`${front} adds ${ms} ms to a delivery${text}, in the median`);
      // Judged is what the proxy adds: the rest is the load of this machine, and in both.
      const { atLeast = 0, below } = median;
      if (ms < below && ms >= atLeast) return [];
      return [`${front} added ${ms} ms in the median, expected ${atLeast} to ${below} ms`];
    },
  });
}

/** How much later each event came through the proxy than past it. */
function added(past: RawStream, behind: RawStream): readonly number[] {
  return [...past.arrivals].flatMap(([id, at]) => {
    const later = behind.arrivals.get(id);
    return later === undefined ? [] : [later - at];
  });
}

/** How long each event took from the server's acknowledgement to the reader behind the proxy. */
function took(s: Stage, behind: RawStream): readonly number[] {
  return s.seen('produced').flatMap(({ id, at }) => {
    const arrived = behind.arrivals.get(id);
    return arrived === undefined ? [] : [Math.max(0, arrived - at)];
  });
}

function responseHeads(s: Stage): readonly string[] {
  return s.seen('wire').flatMap(({ direction, base64 }) => {
    if (direction !== 'down' || base64 === undefined) return [];
    const text = Buffer.from(base64, 'base64').toString('latin1');
    return text.startsWith('HTTP/') ? [text] : [];
  });
}
