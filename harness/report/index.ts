export { renderTimeline } from './timeline/render.ts';
export type * from './types.ts';
