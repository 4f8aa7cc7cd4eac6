import type { Records, Verdict } from '../../oracle/types.ts';
import { drawTimeline } from './draw.ts';
import { timelineOf } from './model.ts';
import { timelineCss } from './style.ts';

/**
 * Draws a run as a picture: lanes for server, network faults, wire and each subject; the offending records framed.
 * @param width in CSS pixels; default 1200.
 * @returns a self-contained SVG that follows the viewer's light or dark theme.
 */
export function renderTimeline(history: Records, verdict?: Verdict, width = 1200): string {
  const model = timelineOf(history, verdict);
  const svg = drawTimeline(model, { from: 0, to: model.durationMs, width, legend: true });
  return svg.replace('>', `><style>${timelineCss}</style>`);
}
