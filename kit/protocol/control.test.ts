import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from './constants.ts';
import {
  type CannotResume,
  encodeCannotResume,
  encodeDrain,
  encodeStreamEnd,
  encodeStreamOpen,
  isControlType,
  parseControl,
  type StreamOpen,
} from './control.ts';

const cursor = { epoch: 'epochepo', seq: 4 };
const open: StreamOpen = {
  stream: 'orders',
  epoch: 'epochepo',
  head: 4,
  oldest: 1,
  resume: 'fresh',
  heartbeatMs: 15_000,
  connection: 'c-1',
  protocol: PROTOCOL_VERSION,
};
const cannot: CannotResume = { reason: 'expired', requested: 'epochepo.1', from: 'epochepo.4', missed: 3 };

function parse(text: string): { events: EventSourceMessage[]; retries: number[] } {
  const seen = { events: [] as EventSourceMessage[], retries: [] as number[] };
  createParser({ onEvent: (event) => seen.events.push(event), onRetry: (ms) => seen.retries.push(ms) }).feed(
    text,
  );
  return seen;
}

function only(text: string): EventSourceMessage {
  const [event, ...rest] = parse(text).events;
  if (!event || rest.length > 0) throw new Error(`expected one event in ${text}`);
  return event;
}

describe('control frames on the wire', () => {
  it('stream.open primes the cursor with its id and may set retry', () => {
    const text = encodeStreamOpen(open, cursor, 2500);
    const event = only(text);
    expect(event).toMatchObject({ event: 'stream.open', id: 'epochepo.4' });
    expect(parse(text).retries).toEqual([2500]);
    expect(parseControl('stream.open', event.data)).toEqual({ type: 'stream.open', body: open });
    expect(parse(encodeStreamOpen(open, cursor)).retries).toEqual([]);
  });

  it('stream.cannot-resume moves the cursor to where the stream goes on', () => {
    const event = only(encodeCannotResume(cannot, cursor));
    expect(event).toMatchObject({ event: 'stream.cannot-resume', id: 'epochepo.4' });
    expect(parseControl('stream.cannot-resume', event.data)).toEqual({
      type: 'stream.cannot-resume',
      body: cannot,
    });
  });

  it('stream.drain tells when to come back and leaves the cursor alone', () => {
    const text = encodeDrain({ reason: 'shutdown' }, 1234);
    const event = only(text);
    expect(event.id).toBeUndefined();
    expect(parse(text).retries).toEqual([1234]);
    expect(parseControl('stream.drain', event.data)).toEqual({
      type: 'stream.drain',
      body: { reason: 'shutdown' },
    });
  });

  it('stream.end carries data, since a frame without data would not be dispatched', () => {
    const event = only(encodeStreamEnd());
    expect(event).toMatchObject({ event: 'stream.end', data: '{}' });
    expect(event.id).toBeUndefined();
    expect(parseControl('stream.end', event.data)).toEqual({ type: 'stream.end', body: {} });
  });

  it('a hostile cursor quoted in a body cannot break out of its frame', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (requested) => {
        const event = only(encodeCannotResume({ ...cannot, requested }, cursor));
        expect(parseControl('stream.cannot-resume', event.data)).toMatchObject({ body: { requested } });
      }),
    );
  });
});

describe('reading control frames', () => {
  it('passes names of later versions on as unknown', () => {
    expect(parseControl('stream.later', '{"a":1}')).toEqual({
      type: 'unknown',
      name: 'stream.later',
      data: '{"a":1}',
    });
  });

  it.each(['constructor', '__proto__', 'toString'])('knows no frame of the name %s', (name) => {
    expect(parseControl(name, '{}')).toEqual({ type: 'unknown', name, data: '{}' });
  });

  it('keeps fields that this version does not know', () => {
    const frame = parseControl('stream.open', JSON.stringify({ ...open, later: true }));
    expect(frame).toMatchObject({ type: 'stream.open', body: { later: true } });
  });

  const broken: ReadonlyArray<readonly [string, unknown]> = [
    ['stream.open', { ...open, epoch: 'bad' }],
    ['stream.open', { ...open, head: -1 }],
    ['stream.open', { ...open, head: 1.5 }],
    ['stream.open', { ...open, oldest: '1' }],
    ['stream.open', { ...open, resume: 'perhaps' }],
    ['stream.open', { ...open, connection: undefined }],
    ['stream.open', { ...open, heartbeatMs: null }],
    ['stream.open', { ...open, stream: 'cut \ud83d' }],
    ['stream.open', [open]],
    ['stream.cannot-resume', { ...cannot, from: 4 }],
    ['stream.cannot-resume', { ...cannot, missed: -1 }],
    ['stream.cannot-resume', { ...cannot, missed: 'many' }],
    ['stream.cannot-resume', { ...cannot, requested: 1 }],
    ['stream.cannot-resume', { ...cannot, stream: '\ud800' }],
    ['stream.drain', {}],
    ['stream.end', []],
    ['stream.end', null],
  ];

  it.each(broken)('%s with the body %j is unknown, not half-read', (name, body) => {
    const data = JSON.stringify(body);
    expect(parseControl(name, data)).toEqual({ type: 'unknown', name, data });
  });

  it('announces a loss also where the cursor that it quotes was cut within a character', () => {
    const body = { ...cannot, requested: 'cut \ud83d' };
    expect(parseControl('stream.cannot-resume', JSON.stringify(body))).toMatchObject({ body });
  });

  it('never throws, whatever the data', () => {
    const names = fc.constantFrom('stream.open', 'stream.cannot-resume', 'stream.drain', 'stream.end');
    fc.assert(
      fc.property(names, fc.oneof(fc.string(), fc.json()), (name, data) => void parseControl(name, data)),
    );
  });

  it('knows the control plane by its prefix', () => {
    expect(['stream.open', 'stream.later'].every(isControlType)).toBe(true);
    expect(['stream', 'streams.open', 'message', 'my.stream.open'].some(isControlType)).toBe(false);
  });
});
