export type { RedisClientOptions } from './redis-connection.ts';
export type { RedisRetention } from './redis-log.ts';
export {
  createRedisLog,
  createRedisStore,
  type RedisLogOptions,
  type RedisStore,
  type RedisStoreOptions,
  type RestartPolicy,
} from './redis-store.ts';
