// examples/storage/memory.ts
import { createEventStream, createMemoryLog } from 'sse-reliability-kit/server';

export const prices = createEventStream({
  name: 'prices',
  log: createMemoryLog({ maxEvents: 10_000, maxBytes: 16 * 1024 * 1024, maxAgeMs: 5 * 60_000 }),
});
