import { Bench, type ContractNeed, type LogSubject } from './log-contract-bench.ts';

/** One rule of the interface. */
export interface ContractCase {
  readonly name: string;
  readonly needs: readonly ContractNeed[];
  /** Rejects with an `AssertionError` when the log breaks the rule. */
  run(subject: LogSubject): Promise<void>;
}

/** Makes a case that disposes of what it opened. */
export function define(
  name: string,
  run: (bench: Bench) => Promise<void>,
  ...needs: readonly ContractNeed[]
): ContractCase {
  return {
    name,
    needs,
    async run(subject) {
      const bench = new Bench(subject);
      try {
        await run(bench);
      } finally {
        await bench.dispose();
      }
    },
  };
}
