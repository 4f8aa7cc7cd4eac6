import { readFileSync } from 'node:fs';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { describe, expect, it } from 'vitest';
import {
  type ControlFrame,
  encodeFrame,
  encodeHeartbeat,
  encodeHeartbeatEvent,
  isControlType,
  PROTOCOL_VERSION,
  parseControl,
  parseEnvelope,
  parseHeartbeat,
  parseHeartbeatEvent,
  parsePosition,
  parseVector,
  STREAM_HEARTBEAT,
} from './index.ts';

/** PROTOCOL.md is the published contract: every example in it is read here by an independent parser and by the kit. */
const document = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');

interface Block {
  readonly language: string;
  readonly flags: readonly string[];
  readonly text: string;
  readonly line: number;
}

const blocks: readonly Block[] = [...document.matchAll(/^```([a-z-]+)([^\n]*)\n([\s\S]*?)^```$/gm)].map(
  (match) => ({
    language: match[1] ?? '',
    flags: (match[2] ?? '').trim().split(/\s+/),
    text: match[3] ?? '',
    line: document.slice(0, match.index).split('\n').length,
  }),
);

const streams = blocks.filter((block) => block.language === 'event-stream');
const named = (list: readonly Block[]) => list.map((block) => [block.line, block] as const);

interface Seen {
  readonly events: EventSourceMessage[];
  readonly comments: string[];
  readonly retries: number[];
}

function parse(text: string): Seen {
  const seen: Seen = { events: [], comments: [], retries: [] };
  const parser = createParser({
    onEvent: (event) => seen.events.push(event),
    onComment: (comment) => seen.comments.push(comment),
    onRetry: (ms) => seen.retries.push(ms),
    onError: (error) => {
      throw error;
    },
  });
  parser.feed(text);
  return seen;
}

describe('PROTOCOL.md', () => {
  it('has examples of every kind', () => {
    expect(new Set(blocks.map((block) => block.language))).toEqual(
      new Set(['cursor', 'event-stream', 'http', 'multi-stream', 'vector']),
    );
    expect(streams.length).toBeGreaterThanOrEqual(10);
  });

  it('shows every control frame of this version, and the heartbeat as an event', () => {
    const shown = new Set(streams.flatMap((block) => parse(block.text).events.map((event) => event.event)));
    for (const name of ['open', 'cannot-resume', 'drain', 'end', 'heartbeat']) {
      expect(shown).toContain(`stream.${name}`);
    }
  });

  it.each(named(streams))(
    'the stream at line %i ends with a blank line and leaves nothing undispatched',
    (_, block) => {
      expect(block.text).toMatch(/\n\n$/);
      const frames = block.text.trimEnd().split('\n\n');
      const { events, comments } = parse(block.text);
      expect(events.length + comments.length).toBe(frames.length);
    },
  );

  it.each(named(streams))('the stream at line %i is what the kit would write', (_, block) => {
    const { events, comments } = parse(block.text);
    const retries = [...parse(block.text).retries];
    const heartbeats = comments.map((comment) => {
      const beat = parseHeartbeat(comment);
      if (!beat) throw new Error(`not a heartbeat: ${comment}`);
      return encodeHeartbeat(beat);
    });
    const written = events.map(({ event, id, data }) => {
      const retryMs = event === 'stream.open' || event === 'stream.drain' ? retries.shift() : undefined;
      return encodeFrame({
        data,
        ...(event === undefined ? {} : { event }),
        ...(id === undefined ? {} : { id }),
        ...(retryMs === undefined ? {} : { retryMs }),
      });
    });
    expect([...written, ...heartbeats].sort()).toEqual(
      block.text
        .trimEnd()
        .split('\n\n')
        .map((frame) => `${frame}\n\n`)
        .sort(),
    );
  });

  it.each(named(streams))('each control frame at line %i is read by the kit', (_, block) => {
    for (const { event, id, data } of parse(block.text).events) {
      if (event === undefined || !isControlType(event)) continue;
      if (event === STREAM_HEARTBEAT) {
        const beat = parseHeartbeatEvent(data);
        expect(beat && parse(encodeHeartbeatEvent(beat)).events[0]?.data).toBe(data);
        expect(id).toBeUndefined();
        continue;
      }
      const frame = parseControl(event, data);
      expect(frame.type).toBe(event);
      expectRules(frame, id);
    }
  });

  it.each(named(streams.filter((block) => !block.flags.includes('bare'))))(
    'each domain event at line %i is an envelope that agrees with its frame',
    (_, block) => {
      for (const { event, id, data } of parse(block.text).events) {
        if (event !== undefined && isControlType(event)) continue;
        const result = parseEnvelope(data);
        if (!result.ok) throw result.error;
        expect(result.envelope).toMatchObject({
          id,
          type: event,
          sequence: String(parsePosition(id ?? '')?.seq),
        });
      }
    },
  );

  it('has only valid positions among its cursors', () => {
    const cursors = blocks.filter((block) => block.language === 'cursor');
    for (const line of cursors.flatMap((block) => block.text.trim().split('\n'))) {
      expect(parsePosition(line), line).not.toBeNull();
    }
  });

  it('has only valid vectors among its vector cursors', () => {
    const lines = blocks
      .filter((block) => block.language === 'vector')
      .flatMap((block) => block.text.trim().split('\n'));
    for (const line of lines) expect(parseVector(line), line).not.toBeNull();
  });

  it('shows several streams on one response, each frame with a vector that begins with its own position', () => {
    const [block] = blocks.filter(({ language }) => language === 'multi-stream');
    const { events, comments } = parse(block?.text ?? '');
    const owners = events.flatMap(({ event, id, data }) => {
      if (event === 'stream.topic-end') return [[event, JSON.parse(data).stream]];
      const own = parseVector(id ?? '')?.[0];
      const body = JSON.parse(data);
      if (event === 'stream.open')
        expect([body.stream, body.epoch]).toEqual([own?.stream, own?.position.epoch]);
      else expect(parsePosition(body.id)).toEqual(own?.position);
      return [[event, own?.stream]];
    });
    expect(owners).toEqual([
      ['stream.open', 'orders'],
      ['stream.open', 'chat'],
      ['order.paid', 'orders'],
      ['stream.topic-end', 'chat'],
    ]);
    expect(parseVector(comments[0]?.trim().split(' ')[1] ?? '')).not.toBeNull();
  });

  it('asks with a valid cursor and answers with the headers that the text demands', () => {
    const [request = '', response = ''] = blocks
      .filter((block) => block.language === 'http')
      .map((block) => block.text);
    expect(parsePosition(/^Last-Event-ID: (.+)$/m.exec(request)?.[1] ?? '')).not.toBeNull();
    for (const header of [
      'Content-Type: text/event-stream',
      'Cache-Control: no-cache, no-transform',
      'X-Accel-Buffering: no',
    ]) {
      expect(response).toContain(header);
    }
    expect(response).toMatch(/^Stream-Resume: (fresh|ok|gap; reason=[a-z-]+)$/m);
  });
});

/** What the prose says about single frames and a parser alone cannot see. */
function expectRules(frame: ControlFrame, id: string | undefined): void {
  switch (frame.type) {
    case 'stream.open': {
      const cursor = parsePosition(id ?? '');
      expect(cursor?.epoch).toBe(frame.body.epoch);
      expect(frame.body.protocol).toBe(PROTOCOL_VERSION);
      if (frame.body.resume === 'fresh') expect(cursor?.seq).toBe(frame.body.head);
      return;
    }
    case 'stream.cannot-resume': {
      expect(frame.body.from).toBe(id);
      const from = parsePosition(frame.body.from);
      const requested = parsePosition(frame.body.requested ?? '');
      if (from && requested && from.epoch === requested.epoch) {
        expect(frame.body.missed).toBe(from.seq - requested.seq);
      } else expect(frame.body.missed).toBeNull();
      return;
    }
    default:
      expect(id).toBeUndefined();
  }
}
