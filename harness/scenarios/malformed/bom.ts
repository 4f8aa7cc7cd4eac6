import { scenario } from '../scenario.ts';
import { compare, END, script } from './script.ts';

const BOM = '\uFEFF';
export const SCRIPT = script(
  [`${BOM}data: first\nid: b1\n\n`, { id: 'b1', data: 'first' }],
  [`${BOM}data: spoiled\n\n`], // not at the start it belongs to the field name, and nobody knows that field
  [`data: ${BOM}kept\n\n`, { data: `${BOM}kept` }],
);
/** Inside and around the mark that is skipped, and inside the one that is not. */
const SPLITS = [1, 2, 3, 4, 26, 27, 28, 29];

const bytes = Buffer.concat([SCRIPT.bytes, END.bytes]);
const events = SPLITS.flatMap(() => [...SCRIPT.events, ...END.events]);

export default scenario({
  id: 'malformed/bom',
  title: 'byte order marks, in pieces, at the start and later',
  hypothesis: 'One mark at the start of a response is skipped; any other is part of the text it stands in.',
  steadyState: `The first ${SPLITS.length} responses are byte scripts, all others come from the server.`,
  guarantee: 'effectively-once',
  budget: { attempts: { min: SPLITS.length + 1, max: SPLITS.length + 1 } },
  needs: ['connect'],
  faults: SPLITS.map(() => 'sse-proxy/byte-script'),
  client: { retryBaseMs: 50, retryMaxMs: 100 },
  async run(s) {
    s.scripted([...SCRIPT.events, ...END.events]);
    const scripts = SPLITS.map((split, n) =>
      s.network.sse.arm({ name: 'byte-script', bytes, splitAt: [split], gapMs: 20, on: { nth: n + 1 } }),
    );
    await s.client.start();
    for (const each of scripts) await each.fired();
    await s.client.opened(SPLITS.length + 1);
    await s.publish(3);
  },
  check: (s) => compare(s, events, SCRIPT.events.length + END.events.length),
});
