import { scenario } from '../scenario.ts';
import { compare, everySplit, playAtEverySplit, script } from './script.ts';

export const SCRIPT = script(
  ['data: lf\nid: n1\n\n', { id: 'n1', data: 'lf' }],
  ['data: crlf\r\nid: n2\r\n\r\n', { id: 'n2', data: 'crlf' }],
  ['data: cr\rid: n3\r\r', { id: 'n3', data: 'cr' }],
  ['id: n4\rdata: one\rdata: two\r\ndata: three\n\r\n', { id: 'n4', data: 'one\ntwo\nthree' }],
  // LF CR are two line endings, CR CR LF are two as well: each time the second is a blank line.
  ['id: n5\ndata: lf-cr\n\r', { id: 'n5', data: 'lf-cr' }],
  ['id: n6\rdata: cr-crlf\r\r\n', { id: 'n6', data: 'cr-crlf' }],
  ['id: n7\r\ndata: lf-crlf\n\r\n', { id: 'n7', data: 'lf-crlf' }],
  ['\r\n\n\r'], // blank lines between events are none
  ['id: n8\rdata: ends\r\r', { id: 'n8', data: 'ends' }],
);

export default scenario({
  id: 'malformed/newlines',
  title: 'LF, CR and CRLF mixed, split at every byte',
  hypothesis:
    'Each of the three line endings ends a line, and a CRLF that arrives in two pieces is still one ending.',
  steadyState: 'The first response is a byte script, all others come from the server.',
  guarantee: 'effectively-once',
  budget: { attempts: { min: 2, max: 2 } },
  needs: ['connect'],
  faults: ['sse-proxy/byte-script'],
  run: (s) => playAtEverySplit(s, SCRIPT),
  check: (s) => compare(s, everySplit(SCRIPT).events, SCRIPT.events.length),
});
