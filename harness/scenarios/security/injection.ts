import { scenario } from '../scenario.ts';

/** What a hostile publisher would like to write into other people's streams. */
const ATTEMPTS = [
  { what: 'LF in the type', type: 'tick\ndata: forged', code: 'ERR_CONTROL_CHARACTER' },
  { what: 'CR in the type', type: 'tick\rid: forged', code: 'ERR_CONTROL_CHARACTER' },
  { what: 'NUL in the type', type: 'tick\0', code: 'ERR_CONTROL_CHARACTER' },
  { what: 'a reserved type', type: 'stream.end', code: 'ERR_RESERVED_EVENT_TYPE' },
  {
    what: 'LF in a metadata name',
    type: 'tick',
    meta: { extensions: { 'a\nid: 1': 'x' } },
    code: 'ERR_INVALID_EXTENSION',
  },
  {
    what: 'an id in the metadata',
    type: 'tick',
    meta: { extensions: { id: 'x' } },
    code: 'ERR_INVALID_EXTENSION',
  },
  {
    what: 'CR LF in the trace',
    type: 'tick',
    meta: { traceparent: '00-\r\n\r\n' },
    code: 'ERR_INVALID_TRACEPARENT',
  },
] as const;

export default scenario({
  id: 'security/injection',
  title: 'a publisher writes line ends and NUL where fields are',
  hypothesis: 'What would break out of its field is refused at publish; line ends inside data are data.',
  steadyState: 'One open connection, one event processed.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0, attempts: { max: 1 } },
  needs: ['connect', 'process'],
  faults: ['publisher/injection'],
  async run(s) {
    const injection = s.planned('publisher/injection');
    await s.client.connects();
    await s.publish(1);
    await s.client.processed(1);
    injection.armed();
    const answers: Record<string, string> = {};
    for (const { what, code, ...publication } of ATTEMPTS) {
      const answer = await s.site.refuses({ data: {}, ...publication });
      answers[what] = answer.includes(code) ? code : `expected ${code}: ${answer.slice(0, 200)}`;
    }
    injection.fired(answers);
    injection.healed();
    // Allowed, and to be delivered as it is.
    await s.publish(1, () => 'a\nid: 1\r\ndata: b\r\rc\u0000');
    await s.client.processed(2);
  },
  check: (s) => {
    const fired = s.seen('fault').find(({ phase }) => phase === 'fired');
    return Object.entries(fired?.evidence ?? {}).flatMap(([what, answer]) =>
      String(answer).startsWith('expected') ? [`${what}: ${answer}`] : [],
    );
  },
});
