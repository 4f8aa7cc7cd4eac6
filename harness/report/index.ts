export { buildReport, type Report, type ReportOptions } from './build.ts';
export type { CollectedIndex, Counts, IndexEntry } from './index-json.ts';
export { type Gauge, type RunLabels, renderGauges, scenarioGauges, writeSnapshot } from './prom.ts';
export { renderTimeline } from './timeline/render.ts';
export type * from './types.ts';
