/** Bounds as Redis tells them. */
export interface RedisBounds {
  readonly epoch: string;
  readonly generation: number;
  readonly head: number;
  readonly oldest: number;
  readonly oldestUnixMs: number | null;
  readonly bytes: number;
  readonly ended: boolean;
}

/** What a script answered. `extra` is the fence in ms (join) or the first sequence (append). */
export type ScriptAnswer =
  | { readonly status: 'ok' | 'ended'; readonly bounds: RedisBounds; readonly extra: number }
  | { readonly status: 'join' }
  | { readonly status: 'format'; readonly found: string };

/** One entry of the Redis stream. */
export interface RedisEntry {
  readonly id: string;
  readonly generation: number;
  readonly seq: number;
  /** The stored event; `null` for the mark of the stream's end. */
  readonly stored: string | null;
  /** Bounds after this entry; `null` on all but the last of a group. */
  readonly bounds: Pick<RedisBounds, 'oldest' | 'oldestUnixMs' | 'bytes'> | null;
}

/** Reads a script's answer (RESP 2: arrays and strings). */
export function readAnswer(reply: unknown): ScriptAnswer {
  const [status, ...rest] = strings(reply);
  if (status === 'join') return { status };
  if (status === 'format') return { status, found: rest[0] ?? '' };
  if (status !== 'ok' && status !== 'ended') throw new TypeError(`unexpected answer of a script: ${status}`);
  const [epoch = '', generation, head, oldest, oldestMs = '', bytes, ended, extra] = rest;
  return {
    status,
    bounds: {
      epoch,
      generation: Number(generation),
      head: Number(head),
      oldest: Number(oldest),
      oldestUnixMs: oldestMs === '' ? null : Number(oldestMs),
      bytes: Number(bytes),
      ended: ended === '1',
    },
    extra: Number(extra),
  };
}

/** Reads the entries of XRANGE, or of one stream in the answer of XREAD. */
export function readEntries(reply: unknown): RedisEntry[] {
  if (!Array.isArray(reply)) return [];
  return reply.map((item: unknown) => {
    const [id, fields] = item as [string, unknown];
    return readEntry(id, strings(fields));
  });
}

/** Reads the answer of XREAD: entries by key. `null` (nothing within the block time) is an empty answer. */
export function readStreams(reply: unknown): Map<string, RedisEntry[]> {
  const streams = new Map<string, RedisEntry[]>();
  if (!Array.isArray(reply)) return streams;
  for (const item of reply as [string, unknown][]) streams.set(item[0], readEntries(item[1]));
  return streams;
}

function readEntry(id: string, fields: readonly string[]): RedisEntry {
  const [generation, seq] = id.split('-');
  const field = (name: string): string | undefined => {
    for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
    return undefined;
  };
  const [oldest, oldestMs, bytes] = field('s')?.split(' ') ?? [];
  return {
    id,
    generation: Number(generation),
    seq: Number(seq),
    stored: field('v') ?? null,
    bounds: oldest
      ? { oldest: Number(oldest), oldestUnixMs: oldestMs ? Number(oldestMs) : null, bytes: Number(bytes) }
      : null,
  };
}

function strings(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
