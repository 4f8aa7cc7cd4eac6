import type { FrontProxyKind } from '../../front-proxies/index.ts';
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
  /** Bounds of the median time from publishing to the client, in ms. */
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
      for (let n = 1; n <= MEASURED; n++) {
        await s.publish(1);
        await s.client.processed(n);
      }
      const head = responseHeads(s).find((text) => trace.test(text));
      if (head !== undefined) proxy.fired({ said: trace.exec(head)?.[0] });
      proxy.healed();
      s.site.sample('delivery.median', quantile(delays(s), 0.5), 'ms');
      const outage = await s.network.down();
      await s.publish(10);
      await outage.heal();
      await s.client.processed(MEASURED + 10);
    },
    check: (s) => {
      const [measured] = s.seen('sample').filter(({ name }) => name === 'delivery.median');
      if (!measured) return ['nothing was measured'];
      const ms = Math.round(measured.value);
      s.note(`median delivery through ${front}: ${ms} ms`);
      const { atLeast = 0, below } = median;
      if (ms < below && ms >= atLeast) return [];
      return [`median delivery took ${ms} ms, expected ${atLeast} to ${below} ms`];
    },
  });
}

/** From publishing to arrival at the client, for each event so far. */
function delays(s: Stage): readonly number[] {
  const produced = new Map(s.seen('produced').map(({ id, at }) => [id, at]));
  return s.seen('delivered').flatMap(({ id, at }) => {
    const from = produced.get(id);
    return from === undefined ? [] : [at - from];
  });
}

function responseHeads(s: Stage): readonly string[] {
  return s.seen('wire').flatMap(({ direction, base64 }) => {
    if (direction !== 'down' || base64 === undefined) return [];
    const text = Buffer.from(base64, 'base64').toString('latin1');
    return text.startsWith('HTTP/') ? [text] : [];
  });
}
