export {
  type Campaign,
  type CampaignOptions,
  type Conviction,
  convict,
  decisive,
  runCampaign,
} from './campaign.ts';
export type { Bites, Coverage } from './coverage.ts';
export { describeSchedule } from './describe.ts';
export { scheduleOf } from './generate.ts';
export { readSchedule } from './read-schedule.ts';
export type { Tampering } from './run.ts';
export { CALM, type Schedule, type Setup, type Step } from './schedule.ts';
export { type Simulated, simulate } from './simulate.ts';
