import type { FaultDefinition } from '../types.ts';
import { onEvents } from './on-events.ts';

/** Swallows events; `times` says how many. */
export const drop: FaultDefinition = {
  name: 'drop',
  summary: 'swallows an event; the connection stays open',
  params: {},
  start: (_, context) => onEvents(context, async (frame) => ({ droppedBytes: frame.bytes.length })),
};
