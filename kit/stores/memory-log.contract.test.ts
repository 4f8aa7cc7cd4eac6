import { describe, it } from 'vitest';
import { createMemoryLog } from '../server/memory-log.ts';
import { contractApplies, type LogSubject, replayLogContract } from './log-contract.ts';

const subject: LogSubject = {
  create: (retention) => createMemoryLog(retention),
  dispose() {
    // nothing outlives the log
  },
};

describe('the memory log keeps the contract of replay logs', () => {
  for (const one of replayLogContract()) {
    const applies = contractApplies(one, subject);
    const missing = applies ? '' : ` (not applicable: needs ${one.needs.join(', ')})`;
    it.runIf(applies)(one.name + missing, () => one.run(subject));
  }
});
