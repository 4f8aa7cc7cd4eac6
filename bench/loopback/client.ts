// Client process of the loopback bench: reads the stream once per message and answers with the CPU time it took.
import { createParser } from 'eventsource-parser';
import { connect } from '../../kit/client/node/index.ts';
import { serveParent } from '../support/child.ts';
import type { BenchPayload } from '../support/recording.ts';

/** The yardstick: global fetch, TextDecoder, eventsource-parser 3, JSON.parse. */
async function plain(url: string): Promise<number> {
  let sum = 0;
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === 'tick') sum += (JSON.parse(data) as { data: BenchPayload }).data.n;
    },
  });
  const response = await fetch(url);
  const decoder = new TextDecoder();
  if (!response.body) throw new Error('no body');
  for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
  return sum;
}

async function kit(url: string): Promise<number> {
  let sum = 0;
  const handle = connect<{ tick: BenchPayload }>(url, {
    onEvent: (event) => {
      sum += event.data.n;
    },
  });
  await handle.closed;
  return sum;
}

const read = process.argv[2] === 'kit' ? kit : plain;

serveParent(async ({ url }: { url: string }) => {
  const before = process.cpuUsage();
  const sum = await read(url);
  const { user, system } = process.cpuUsage(before);
  return { sum, cpuMicros: user + system };
});
