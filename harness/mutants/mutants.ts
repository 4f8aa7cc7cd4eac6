import { clientMutants } from './client.ts';
import type { Mutant } from './mutant.ts';
import { serverMutants } from './server.ts';

/** Every deliberate bug, in the order of the table. */
export const mutants: readonly Mutant[] = [...clientMutants, ...serverMutants];
