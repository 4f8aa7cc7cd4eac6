import { busiestWindow } from '../../runner/site.ts';
import { scenario } from '../scenario.ts';

const DRAIN_MS = 1500;
/** Returns in any 100 ms: at 20 a second two are expected. */
const PEAK = 12;

export default scenario({
  id: 'deploy/sigterm-drain',
  title: 'the server is told to stop with 50 streams open',
  hypothesis:
    'SIGTERM ends every stream by the deadline; the clients come back spread over the window that the server named, and miss nothing.',
  steadyState: '51 open connections, ten events processed by each.',
  guarantee: 'effectively-once',
  budget: { healMs: 10_000, catchUpMs: 5000 },
  needs: ['connect', 'resume', 'replay', 'process'],
  faults: ['process/sigterm'],
  server: { log: 'durable', drainMs: DRAIN_MS, retryMs: 500, limits: { acceptPerSecond: 20 } },
  async run(s) {
    await s.client.connects();
    const crowd = await s.site.crowd(50);
    await crowd.opened(1);
    await s.publish(10);
    await crowd.processed(10);
    await s.site.terminate();
    await s.server.restart();
    await crowd.opened(2);
    await s.publish(10);
    await crowd.processed(20);
  },
  check: (s) => {
    const sigterm = s.seen('fault').find(({ phase }) => phase === 'fired');
    const tookMs = Number(sigterm?.evidence?.tookMs);
    const code = sigterm?.evidence?.code;
    const since = sigterm?.at ?? 0;
    // The first attempt of each: those after it are the backoff's business, while the next process starts.
    const first = new Map<string, number>();
    for (const { state, at, subject } of s.seen('state')) {
      if (state === 'connecting' && at > since && !first.has(subject)) first.set(subject, at);
    }
    const returns = [...first.values()].sort((a, b) => a - b);
    const peak = busiestWindow(returns, 100);
    s.note(`drained in ${Math.round(tookMs)} ms; at most ${peak} of ${returns.length} returns in 100 ms`);
    const drained = s.seen('state').filter(({ state }) => state === 'draining').length;
    return [
      ...(code === 0 ? [] : [`the server ended with ${code}, not 0`]),
      ...(tookMs <= DRAIN_MS + 2000 ? [] : [`the drain took ${Math.round(tookMs)} ms of ${DRAIN_MS}`]),
      ...(peak <= PEAK ? [] : [`${peak} returns within 100 ms, at most ${PEAK} allowed`]),
      ...(drained >= 51 ? [] : [`only ${drained} of 51 connections were told to drain`]),
    ];
  },
});
