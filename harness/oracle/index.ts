export { CONNECTIONS_SAMPLE } from './checks/resources.ts';
export { formatSlice, formatVerdict } from './format.ts';
export { checkers, type JudgeOptions, judge } from './judge.ts';
export { MAX_EVIDENCE, worst } from './results.ts';
export { subscribedWithFirst, withObservedTruth, withoutTail } from './truth.ts';
export type * from './types.ts';
export { decodeWire, type WireConnection, type WireEvent } from './wire.ts';
