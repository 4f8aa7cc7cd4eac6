import { scenario } from '../scenario.ts';

/** Characters of two, three and four bytes, none of which fetch takes as they are. */
const ID = 'é日🙂-1';
const DATA = '"an id that is not ASCII"';

export default scenario({
  id: 'resume/non-ascii-id',
  title: 'the id of the last event is not ASCII',
  hypothesis:
    "The id comes back byte for byte in Last-Event-ID; the kit's server, to which it means nothing, says so. Nobody hangs.",
  steadyState: 'One open connection, five events processed.',
  guarantee: 'announced-loss',
  budget: { reconnectMs: 3000, catchUpMs: 2000, attempts: { min: 2, max: 2 } },
  needs: ['connect', 'resume', 'announce-loss', 'detects-loss'],
  faults: ['sse-proxy/insert', 'sse-proxy/cut'],
  server: { heartbeatMs: 300 },
  expect: { announced: { missed: null, reasons: ['malformed'] } },
  async run(s) {
    await s.client.connects();
    await s.publish(5);
    await s.client.processed(5);
    s.scripted([{ type: 'foreign', data: DATA }]);
    const foreign = s.network.sse.arm({
      name: 'insert',
      bytes: `id: ${ID}\nevent: foreign\ndata: ${DATA}\n\n`,
    });
    await foreign.fired();
    await s.client.processed(6);
    const cut = s.network.sse.arm({ name: 'cut' });
    await cut.fired();
    await s.client.announced(1);
    await s.publish(5);
    await s.client.processed(11);
  },
  check(s) {
    const asked = s.seen('request')[1]?.lastEventId;
    return asked === ID ? [] : [`Last-Event-ID came back as ${JSON.stringify(asked)} and not as ${ID}`];
  },
});
