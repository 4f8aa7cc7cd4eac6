export {
  type MemoryExchange,
  type MemoryNetwork,
  type MemoryRequest,
  type MemoryResponse,
  memoryNetwork,
} from './memory-network.ts';
export { type Exchange, type ScriptedServer, scriptedServer } from './scripted-server.ts';
export { seededRandom } from './seeded-random.ts';
export { VirtualClock } from './virtual-clock.ts';
