export { type AbsentRun, writeAbsent } from './absent.ts';
export { missingCapabilities } from './capabilities.ts';
export { type ChildTargetOptions, startChildTarget } from './child-target.ts';
export type { ClientTap } from './client-tap.ts';
export type { ActiveFault, ArmedFault, Network } from './network.ts';
export { type Run, type RunOptions, runScenario } from './run.ts';
export type { Stage } from './stage.ts';
export type { StagedClient } from './staged-client.ts';
export {
  type Acknowledged,
  DEFAULT_SERVER,
  type Publication,
  type ServerSettings,
  type StartTarget,
  type Target,
} from './target.ts';
