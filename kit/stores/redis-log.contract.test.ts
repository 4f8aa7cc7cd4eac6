import { afterAll, beforeAll, describe, it } from 'vitest';
import { type RedisServer, startRedis } from '../../harness/services/redis-server.ts';
import {
  type ContractRetention,
  contractApplies,
  type LogSubject,
  replayLogContract,
} from './log-contract.ts';
import { createRedisLog } from './redis-store.ts';

let redis: RedisServer;
let streams = 0;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(() => redis.dispose());

function subject(hotBytes?: number): LogSubject {
  let name = '';
  let retention: ContractRetention = {};
  const make = () =>
    createRedisLog({ url: redis.url, name, ...retention, ...(hotBytes === undefined ? {} : { hotBytes }) });
  return {
    create(wanted) {
      streams += 1;
      name = `contract-${streams}`;
      retention = wanted;
      return make();
    },
    reopen: make,
    second: make,
    dispose() {
      // each case has a stream of its own, and the server goes at the end
    },
  };
}

for (const [name, hotBytes] of [
  ['the Redis log', undefined],
  ['the Redis log whose memory holds next to nothing', 600],
] as const) {
  describe(`${name} keeps the contract of replay logs`, () => {
    for (const one of replayLogContract()) {
      const cold = hotBytes !== undefined && one.name.startsWith('encodes an event once');
      const applies = contractApplies(one, subject()) && !cold;
      it.runIf(applies)(one.name + (cold ? ' (not applicable: reads from Redis)' : ''), () =>
        one.run(subject(hotBytes)),
      );
    }
  });
}
