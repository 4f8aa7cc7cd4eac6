import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { createDurableLog } from './durable-store.ts';
import {
  type ContractRetention,
  contractApplies,
  type LogSubject,
  replayLogContract,
} from './log-contract.ts';

const setups: Readonly<Record<string, { durability: 'disk' | 'process'; hotBytes?: number }>> = {
  'durable log, fsync': { durability: 'disk' },
  'durable log, no fsync': { durability: 'process' },
  'durable log whose memory holds next to nothing': { durability: 'process', hotBytes: 600 },
};

for (const [name, setup] of Object.entries(setups)) {
  describe(`the ${name}, keeps the contract of replay logs`, () => {
    for (const one of replayLogContract()) {
      // A cold read encodes again: memory is bounded, so what fell out of it must be made anew.
      const cold = setup.hotBytes !== undefined && one.name.startsWith('encodes an event once');
      const applies = contractApplies(one, subject(setup)) && !cold;
      const missing = applies
        ? ''
        : ` (not applicable: ${cold ? 'reads from disk' : `needs ${one.needs.join(', ')}`})`;
      it.runIf(applies)(one.name + missing, () => one.run(subject(setup)));
    }
  });
}

function subject(setup: { durability: 'disk' | 'process'; hotBytes?: number }): LogSubject {
  let directory = '';
  let retention: ContractRetention = {};
  const make = () => createDurableLog({ directory, ...setup, ...retention });
  return {
    create(wanted) {
      directory = mkdtempSync(join(tmpdir(), 'durable-log-'));
      retention = wanted;
      return make();
    },
    reopen: make,
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}
