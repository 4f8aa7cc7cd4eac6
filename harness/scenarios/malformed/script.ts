import { digestData } from '../../history/digest.ts';
import type { ScriptedEvent, Stage } from '../../runner/stage.ts';

/** An event, with the `id:` of its own frame: '' for an empty one and for none. */
export interface FramedEvent extends ScriptedEvent {
  readonly id: string;
  /** What an EventSource says in its place: the last id that was set, in this frame or before. */
  readonly lastEventId: string;
}

/** Bytes, and the events that WHATWG HTML 9.2.5 and 9.2.6 make of them, worked out by hand. */
export interface Script {
  readonly bytes: Buffer;
  readonly events: readonly FramedEvent[];
}

/** One part of a script: what is sent, and the event it becomes, if any. */
export type Line = readonly [
  bytes: string | Buffer,
  event?: { readonly id?: string; readonly type?: string; readonly data: string }, // without `id`: none was set
];

/** Puts a script together from its parts. */
export function script(...lines: readonly Line[]): Script {
  let lastEventId = '';
  return {
    bytes: Buffer.concat(lines.map(([bytes]) => Buffer.from(bytes))),
    events: lines.flatMap(([, event]) => {
      if (!event) return [];
      const { id, type = 'message', data } = event;
      lastEventId = id ?? lastEventId;
      return [{ id: id ?? '', lastEventId, type, data }];
    }),
  };
}

/**
 * Ends every script: the empty id takes the script's ids back, so that the server is not asked for what it never
 * had; and what is not finished when the response ends must not be dispatched.
 */
export const END = script(
  ['id:\ndata: the script ends\n\n', { id: '', data: 'the script ends' }],
  ['data: unfinished'],
);

/** Splits in each repetition: far apart, so that one does not hide the other, and fewer events to handle. */
const SPLITS = 4;

/** The script again and again, until it was split at each of its bytes. */
export function everySplit({ bytes, events }: Script): Script & { readonly splitAt: readonly number[] } {
  const { length } = bytes;
  const repetitions = Math.ceil((length - 1) / SPLITS);
  const times = Array.from({ length: repetitions }, (_, n) => n);
  return {
    bytes: Buffer.concat([...times.map(() => bytes), END.bytes]),
    events: [...times.flatMap(() => events), ...END.events],
    splitAt: times.flatMap((n) =>
      Array.from({ length: SPLITS }, (_, k) => n + 1 + k * repetitions)
        .filter((split) => split < length)
        .map((split) => n * length + split),
    ),
  };
}

/** Answers the client's first request with the script at every split position; then the server itself answers. */
export async function playAtEverySplit(s: Stage, wanted: Script): Promise<void> {
  const { bytes, events, splitAt } = everySplit(wanted);
  s.scripted([...wanted.events, ...END.events]);
  s.note(`the script of ${wanted.bytes.length} bytes is sent at ${splitAt.length} split positions`);
  const sent = s.network.sse.arm({ name: 'byte-script', bytes, splitAt, gapMs: 1 });
  await s.client.start();
  await sent.fired();
  await s.client.received(events.length);
  await s.client.opened(2);
  await s.publish(3);
}

/** Complaints about what the client made of the scripts: every event, nothing else, each with its type and id. */
export function compare(
  s: Stage,
  events: readonly FramedEvent[],
  eventsPerScript: number,
): readonly string[] {
  const produced = new Set(s.seen('produced').map(({ id }) => id));
  const got = s.client.saw('delivered').filter(({ id }) => !produced.has(id));
  const at = events.findIndex(({ id, type, data }, n) => {
    const each = got[n];
    return each?.id !== id || each.type !== type || each.digest !== digestData(data);
  });
  if (at < 0 && got.length === events.length) return [];
  if (at < 0) return [`${got.length - events.length} events more than the scripts have`];
  const repetition = Math.floor(at / eventsPerScript) + 1;
  return [
    `repetition ${repetition}: expected ${JSON.stringify(events[at])}, got ${JSON.stringify(got[at] ?? null)}; ${got.length} of ${events.length} events`,
  ];
}
