import { SseKitError } from '../../kit/protocol/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Capability } from '../subjects/types.ts';

/**
 * A scenario as other people's software is judged by it: by what it delivers and not by our deadlines. The budgets
 * (times, numbers of attempts, repetitions on the wire) are the kit's own promises and are left out; what stays is
 * the guarantee, exact resumption, and the default limit of requests per second.
 *
 * A wait for the subject that ends in vain is the subject's failure and no broken run: the scenario is left, the
 * sentinel that follows says whether the subject ever came back, and the oracle judges.
 */
export function fairly(scenario: Scenario, subject: string, needs: readonly Capability[]): Scenario {
  return {
    ...scenario,
    needs,
    budget: {},
    async run(stage) {
      try {
        await scenario.run(stage);
      } catch (error) {
        if (!isWaitFor(subject, error)) throw error;
        stage.note(`${error.message}; what follows shows whether it ever does`);
      }
    },
  };
}

function isWaitFor(subject: string, error: unknown): error is SseKitError {
  return (
    error instanceof SseKitError &&
    error.code === 'ERR_SCENARIO_TIMEOUT' &&
    error.message.includes(` until ${subject} `)
  );
}
