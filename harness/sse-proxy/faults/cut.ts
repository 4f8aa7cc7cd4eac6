import type { Ending, FaultDefinition } from '../types.ts';

export interface CutParams {
  /** Default `fin`. */
  readonly how?: Ending;
}

/** Ends the response at the moment its trigger opens: after event n, at byte n, right after `stream.open`, … */
export const cut: FaultDefinition<CutParams> = {
  name: 'cut',
  summary: 'ends the response when the trigger opens',
  params: { how: 'fin (default), rst, clean or half-open' },
  start: ({ how = 'fin' }, context) => ({
    onTrigger: async () => {
      await context.end(how);
    },
  }),
};
