import { openMuteSocket, openRawStream, type RawStream } from '../../runner/raw-stream.ts';
import { quantile } from '../../runner/site.ts';
import type { Stage } from '../../runner/stage.ts';
import { scenario } from '../scenario.ts';

const READERS = 49;
const MEASURED = 20;
/** Of so many measurements the calmest counts: a busy machine spoils one, a server that waits for a reader all. */
const ROUNDS = 3;
/** Below this a p99 is noise of the machine and not of the server. */
const NOISE_MS = 50;

export default scenario({
  id: 'overload/frozen-among-50',
  title: 'one of fifty readers stops reading',
  hypothesis: 'A reader that does not drain is passed over; the others get their events as before.',
  steadyState: '49 bystanders, one client, and one reader whose buffers are not full yet.',
  guarantee: 'effectively-once',
  budget: { duplicatesOnWire: 0 },
  needs: ['connect', 'process'],
  faults: ['reader/frozen'],
  async run(s) {
    await s.client.connects();
    const readers = await Promise.all(
      Array.from({ length: READERS }, async () => {
        const reader = await openRawStream(s.site.url());
        await reader.until('event: stream.open');
        return reader;
      }),
    );
    s.site.sample('p99.before', await p99(s, readers), 'ms');

    const fault = s.planned('reader/frozen');
    const frozen = await openMuteSocket(s.site.url(), 'GET /stream HTTP/1.1\r\nHost: sse-kit\r\n\r\n');
    fault.armed();
    // Until the kernel takes no more for it and the server has to leave it behind.
    let behind = 0;
    for (let batch = 0; batch < 20 && behind < 3; batch++) {
      await s.publish(5, () => 'x'.repeat(100_000));
      const last = s.seen('produced').at(-1)?.id ?? '';
      await Promise.all(readers.map((reader) => reader.until(last)));
      behind = await s.site.maxBehind();
    }
    if (behind >= 3) fault.fired({ behind, bytesRead: frozen.bytesRead });
    s.site.sample('p99.frozen', await p99(s, readers), 'ms');
    for (const reader of readers) reader.close();
    frozen.destroy();
    fault.healed();
    await s.client.processed(s.seen('produced').length);
  },
  check: (s) => {
    const value = (of: string) => s.seen('sample').find(({ name }) => name === of)?.value ?? Number.NaN;
    const before = value('p99.before');
    const frozen = value('p99.frozen');
    s.note(`p99 ${before.toFixed(1)} ms before, ${frozen.toFixed(1)} ms with one reader frozen`);
    const limit = Math.max(2 * before, before + NOISE_MS);
    return frozen <= limit ? [] : [`p99 went from ${before.toFixed(1)} to ${frozen.toFixed(1)} ms`];
  },
});

/** The delay of nearly every event to nearly every reader, in the calmest of the rounds. */
async function p99(s: Stage, readers: readonly RawStream[]): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(quantile(await delaysOf(s, readers), 0.99));
  return Math.min(...rounds);
}

/** Publishes one event after the other and measures how long each takes to each reader. */
async function delaysOf(s: Stage, readers: readonly RawStream[]): Promise<number[]> {
  const delays: number[] = [];
  for (let n = 0; n < MEASURED; n++) {
    await s.publish(1);
    const event = s.seen('produced').at(-1);
    if (!event) continue;
    await Promise.all(readers.map((reader) => reader.until(event.id)));
    for (const reader of readers) delays.push((reader.arrivals.get(event.id) ?? Number.NaN) - event.at);
  }
  return delays;
}
