import { scenario } from '../scenario.ts';
import { compare, everySplit, playAtEverySplit, script } from './script.ts';

const bytes = (...parts: readonly (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))));

export const SCRIPT = script(
  ['data: Grüße 日本 🚀\nid: ü\n\n', { id: 'ü', data: 'Grüße 日本 🚀' }],
  // Not UTF-8: each broken sequence is one U+FFFD (WHATWG Encoding), and the line goes on behind it.
  [bytes('id: c2\ndata: bad ', 0xff, ' byte\n\n'), { id: 'c2', data: 'bad \uFFFD byte' }],
  [bytes('id: c3\ndata: cut ', 0xe2, 0x82, '\n\n'), { id: 'c3', data: 'cut \uFFFD' }],
  ['id: c4\ndata: whole again\n\n', { id: 'c4', data: 'whole again' }],
);

export default scenario({
  id: 'malformed/chunking',
  title: 'characters in pieces, events byte by byte, and chunks that are none',
  hypothesis:
    'How bytes are cut into chunks means nothing; broken chunk framing ends the connection and nothing else.',
  steadyState:
    'The first response is a byte script; then the server’s events come in chunks of one to seven bytes.',
  guarantee: 'effectively-once',
  budget: { attempts: { min: 3, max: 4 } },
  needs: ['connect', 'resume'],
  faults: ['sse-proxy/byte-script', 'sse-proxy/rechunk', 'sse-proxy/bad-chunking'],
  async run(s) {
    const rechunk = s.network.sse.arm({ name: 'rechunk', sizes: [1, 2, 3, 5, 7], on: { nth: 2 } });
    await playAtEverySplit(s, SCRIPT);
    await s.publish(5, (number) => `Grüße Nr. ${number} 🚀`);
    await rechunk.fired();
    await s.until('the server’s events are processed', () => own() === 8);
    await rechunk.heal();
    const broken = s.network.sse.arm({ name: 'bad-chunking' });
    await s.publish(5);
    await broken.fired();
    await s.client.opened(3);
    await s.until('all of them are processed', () => own() === 13);

    function own(): number {
      const produced = new Set(s.seen('produced').map(({ id }) => id));
      return s.client.saw('processed').filter(({ id }) => produced.has(id)).length;
    }
  },
  check: (s) => compare(s, everySplit(SCRIPT).events, SCRIPT.events.length),
});
