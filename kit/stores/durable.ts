export type { DurableRetention } from './durable-log.ts';
export {
  createDurableLog,
  createDurableStore,
  type DurableLogOptions,
  type DurableStore,
  type DurableStoreOptions,
} from './durable-store.ts';
