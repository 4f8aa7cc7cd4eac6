export type { ArmedFault, FaultState } from './engine/armed-fault.ts';
export { type FaultListing, type FaultName, type FaultSpec, listFaults } from './faults/index.ts';
export type { HeaderList, RequestHead, ResponseHead } from './http/head.ts';
export { type ConnectionInfo, type SseProxy, type SseProxyOptions, startSseProxy } from './proxy.ts';
export { type Frame, readFrame, withField } from './sse/frame.ts';
export {
  afterEvent,
  afterHead,
  afterId,
  afterMs,
  afterOpen,
  always,
  atByte,
  type ConnectionFilter,
  onConnect,
  onEvent,
  type Trigger,
  whenIdle,
} from './triggers.ts';
export type {
  Answer,
  Clock,
  Ending,
  Evidence,
  ExchangeView,
  FaultContext,
  FaultDefinition,
  FaultHooks,
  FaultOptions,
  Recorder,
  RequestVerdict,
} from './types.ts';
