import { STREAM_DRAIN, STREAM_END } from '../../../kit/protocol/index.ts';
import { fail, pass, seenValue, span, unknown, warn } from '../findings.ts';
import type { Check } from '../types.ts';

export const retry: Check = {
  id: 'retry',
  title: 'Retry',
  essential: false,
  judge({ stream, resume }) {
    if (stream.frames.length === 0) return unknown('nothing came');
    const said = [stream, resume].flatMap((each) => each?.frames ?? []).flatMap((frame) => frame.retry ?? []);
    const evidence = said.slice(0, 3).map((value) => `retry: ${seenValue(value)}`);
    const hint = 'Send retry: with 1000 to 10000 ms, a little different for each connection.';
    const more = { hint, evidence };
    if (said.length === 0) {
      return warn('none: browsers choose 3 to 5 s, and come back all together', more);
    }
    const wrong = said.find((value) => !/^\d+$/.test(value));
    if (wrong !== undefined) return fail(`not a whole number, so ignored: ${seenValue(wrong)}`, more);
    const [least, most] = [Math.min(...said.map(Number)), Math.max(...said.map(Number))];
    if (least < 100) return fail(`${least} ms: clients reconnect in a hot loop`, more);
    if (least < 500) return warn(`${least} ms: many clients return at once`, more);
    if (most > 60_000) return warn(`${span(most)}: clients stay away for long`, more);
    return pass(span(most), { evidence });
  },
};

export const drain: Check = {
  id: 'drain',
  title: 'Closing',
  essential: false,
  judge({ stream }) {
    const { ending, frames, headAt } = stream;
    if (headAt === null) return unknown('no response came');
    if (ending.by === 'us') return unknown('the server did not close during the audit');
    const evidence = [`ended after ${span(ending.at - stream.sentAt)}`];
    if (frames.some(({ type }) => type === STREAM_END)) return pass('complete, and says so', { evidence });
    if (frames.some(({ type }) => type === STREAM_DRAIN))
      return pass('announced before it closed', { evidence });
    if (ending.by === 'cut') {
      evidence.push(ending.message);
      return fail(`cut after ${span(ending.at - stream.sentAt)}, in the middle of the response`, {
        hint: 'A crash, or a time limit of a proxy: look for its idle and response timeouts.',
        evidence,
      });
    }
    return warn(`closed after ${span(ending.at - stream.sentAt)} without a word`, {
      hint: 'Send a retry: before closing, different for each connection, so that clients do not return together.',
      evidence,
    });
  },
};
