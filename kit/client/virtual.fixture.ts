import { type MemoryExchange, memoryNetwork, seededRandom, VirtualClock } from '../testing/index.ts';
import { type ClientFact, type ConnectOptions, connect, type FactOf } from './index.ts';
import type { LifecycleSignal } from './lifecycle.ts';
import { afterwards } from './scripted.fixture.ts';

/** A client in virtual time on a network in memory, for as long as the test, and everything it said. */
export function virtualClient(serve: (exchange: MemoryExchange) => void, options: ConnectOptions = {}) {
  const clock = new VirtualClock();
  const network = memoryNetwork(serve);
  const facts: ClientFact[] = [];
  const seen: unknown[] = [];
  let signal: (name: LifecycleSignal) => void = () => undefined;
  const lifecycle = {
    subscribe(listener: (name: LifecycleSignal) => void) {
      signal = listener;
      return () => undefined;
    },
  };
  const stream = connect('http://test/stream', {
    onEvent: ({ data }) => void seen.push(data),
    ...options,
    observe: [(fact: ClientFact) => void facts.push(fact), options.observe ?? []].flat(),
    ports: { clock, random: seededRandom(1), transport: network.transport, lifecycle, ...options.ports },
  });
  afterwards(async () => {
    const closed = stream.close();
    await clock.advance(10_000); // a handler may never finish
    await closed;
  });
  return {
    clock,
    network,
    facts,
    seen,
    stream,
    /** What the page goes through. */
    signal: (name: LifecycleSignal) => signal(name),
    kinds: <Kind extends ClientFact['kind']>(kind: Kind) =>
      facts.filter((fact): fact is FactOf<Kind> => fact.kind === kind),
    /** The cursor of a request, 0 for the first. */
    cursor: (request: number) => network.exchanges[request]?.request.headers['last-event-id'],
  };
}
