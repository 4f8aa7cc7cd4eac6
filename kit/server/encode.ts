import { createEnvelope, encodeFrame, formatPosition, type Position } from '../protocol/index.ts';
import type { EventDraft } from './replay-log.ts';

/** How a stream's events look on the wire. */
export interface FrameFormat {
  /** `cloudevents`: `data:` is the envelope. `bare`: `data:` is the payload alone, strings as they are. */
  readonly envelope: 'cloudevents' | 'bare';
  /** Whether `event:` is written; without it `EventSource.onmessage` fires. */
  readonly eventField: boolean;
  /** `source` of the envelope. */
  readonly source: string;
}

/** Encodes an event at its position: done once per event and process. */
export function encodeEvent(format: FrameFormat, position: Position, draft: EventDraft): string {
  return encodeFrame({
    ...(format.eventField ? { event: draft.type } : {}),
    id: formatPosition(position),
    data: format.envelope === 'bare' ? bareData(draft.data) : envelopeJson(format, position, draft),
  });
}

function envelopeJson(format: FrameFormat, position: Position, draft: EventDraft): string {
  const { type, unixMs, traceparent, extensions, data } = draft;
  const attributes = createEnvelope<undefined>({
    source: format.source,
    type,
    position,
    unixMs,
    data: undefined,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(extensions === undefined ? {} : { extensions }),
  });
  // `undefined` is left out by JSON.stringify, and the payload, JSON already, is put in without parsing it again.
  return `${JSON.stringify(attributes).slice(0, -1)},"data":${data}}`;
}

function bareData(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}
