import { scenario } from '../scenario.ts';

/** Ids that the client remembers. */
const WINDOW = 4;
const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => `opaque-${from + n}`);
/** The last two come again inside the window, the first two beyond it. */
const SENT = ids(1, 8);
const AGAIN = [...ids(7, 8), ...ids(1, 2)];
const FORGOTTEN = ids(1, 2);

const frame = (id: string) => `id: ${id}\ndata: event of ${id}\n\n`;
/** Takes the opaque ids back, so that the server is not asked for what it never had. */
const RESET = 'id:\ndata: event of \n\n';

export default scenario({
  id: 'dedupe/beyond-window',
  title: 'opaque ids come again after the client has forgotten them',
  hypothesis:
    'Ids that prove no order can be recognised only while they are remembered: the limit is where it was set, and what passed it is counted.',
  steadyState: `Two responses are byte scripts with opaque ids; the client remembers ${WINDOW}.`,
  guarantee: 'at-least-once',
  // The limit as a number: two, and not one more, are processed again.
  budget: { duplicatesProcessed: FORGOTTEN.length, attempts: { min: 3, max: 3 } },
  needs: ['connect', 'dedupe'],
  faults: ['sse-proxy/byte-script', 'sse-proxy/byte-script'],
  client: { dedupeSize: WINDOW },
  async run(s) {
    s.scripted([...SENT, ''].map((id) => ({ type: 'message', data: `event of ${id}` })));
    const arm = (nth: number, bytes: string) =>
      s.network.sse.arm({ name: 'byte-script', bytes, on: { nth } });
    // The repetitions come with a response of their own: by then the handler has finished with the first.
    const first = arm(1, SENT.map(frame).join(''));
    const second = arm(2, AGAIN.map(frame).join('') + RESET);
    await s.client.start();
    await first.fired();
    await second.fired();
    await s.client.opened(3);
    await s.publish(3);
  },
  check(s) {
    const seen = new Map<string, number>();
    for (const { id } of s.client.saw('processed')) seen.set(id, (seen.get(id) ?? 0) + 1);
    const twice = [...seen].filter(([id, times]) => id !== '' && times === 2).map(([id]) => id);
    const recognised = s.client.saw('deduped').map(({ id }) => id);
    s.note(
      `a window of ${WINDOW} ids recognised ${recognised.join(', ')} and let ${twice.join(', ')} pass again`,
    );
    return [
      ...(twice.join() === FORGOTTEN.join() ? [] : [`processed again: ${twice.join() || 'nothing'}`]),
      ...(recognised.join() === ids(7, 8).join() ? [] : [`recognised: ${recognised.join() || 'nothing'}`]),
    ];
  },
});
