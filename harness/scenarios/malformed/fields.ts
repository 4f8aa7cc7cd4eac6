import { scenario } from '../scenario.ts';
import { compare, everySplit, playAtEverySplit, script } from './script.ts';

export const SCRIPT = script(
  [': a comment\n'],
  ['data: one\nid: 1\n\n', { id: '1', data: 'one' }],
  ['event: named\ndata: two\nid: 2\n\n', { id: '2', type: 'named', data: 'two' }],
  ['id:5\ndata:no space\ndata:  two\ndata\ndata:\n\n', { id: '5', data: 'no space\n two\n\n' }],
  ['event: lost\n\n'], // no data: nothing is dispatched, and the name is forgotten
  ['id: 6\ndata: plain\n\n', { id: '6', data: 'plain' }],
  ['DATA: upper\n data: indented\ndatax: longer\nother: field\n\n'],
  ['data: a: b\nevent: c:d\nid: 3:4\n\n', { id: '3:4', type: 'c:d', data: 'a: b' }],
  ['id: 7\nid: a\0b\ndata: nul\n\n', { id: '7', data: 'nul' }],
  ['id:  8\nevent:\ndata: unnamed\n\n', { id: ' 8', data: 'unnamed' }],
  ['retry: 25\nretry: 5x\nretry: -1\nretry\n\n'],
  ['id\ndata: {"json":true}\n\n', { id: '', data: '{"json":true}' }],
);

export default scenario({
  id: 'malformed/fields',
  title: 'fields of every kind, split at every byte',
  hypothesis:
    'Unknown fields, empty values, missing colons and NUL in ids mean what the WHATWG rules say, wherever the bytes are split.',
  steadyState: 'The first response is a byte script, all others come from the server.',
  guarantee: 'effectively-once',
  budget: { attempts: { min: 2, max: 2 } },
  needs: ['connect'],
  faults: ['sse-proxy/byte-script'],
  run: (s) => playAtEverySplit(s, SCRIPT),
  check: (s) => compare(s, everySplit(SCRIPT).events, SCRIPT.events.length),
});
