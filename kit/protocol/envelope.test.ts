import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assertEventMeta,
  assertEventType,
  createEnvelope,
  type Envelope,
  parseEnvelope,
} from './envelope.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const position = { epoch: 'epochepo', seq: 7 };
const unixMs = Date.UTC(2026, 10, 22, 8, 0, 0, 5);
const input = { source: '/orders', type: 'order.paid', data: { total: 3 }, position, unixMs };

/** Reads an envelope as any CloudEvents receiver would: HTTP structured mode. */
function receive(envelope: Envelope): CloudEvent<unknown> {
  const event = HTTP.toEvent<unknown>({
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    body: JSON.stringify(envelope),
  });
  if (Array.isArray(event)) throw new Error('expected one event');
  return new CloudEvent<unknown>({ ...event });
}

const extensions = fc.dictionary(
  fc.stringMatching(/^x[a-z0-9]{0,19}$/),
  fc.oneof(
    fc.string({ unit: 'grapheme-ascii', minLength: 1 }),
    fc.boolean(),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  ),
  { maxKeys: 5 },
);

describe('an envelope', () => {
  it('is read by the CloudEvents SDK, attribute by attribute', () => {
    const event = receive(
      createEnvelope({ ...input, traceparent: TRACE, extensions: { tenant: 'a', hops: 2 } }),
    );
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({
      specversion: '1.0',
      id: 'epochepo.7',
      source: '/orders',
      type: 'order.paid',
      time: '2026-11-22T08:00:00.005Z',
      datacontenttype: 'application/json',
      data: { total: 3 },
      sequence: '7',
      traceparent: TRACE,
      tenant: 'a',
      hops: 2,
    });
  });

  it('survives the SDK and its own reader with any JSON payload and any valid metadata', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), extensions, (data, extra) => {
        assertEventMeta({ extensions: extra });
        const envelope = createEnvelope({ ...input, data, extensions: extra });
        const wire = JSON.stringify(envelope);
        const read = parseEnvelope(wire);
        expect(read.ok && read.envelope).toEqual(JSON.parse(wire));
        expect(receive(envelope)).toMatchObject({ id: 'epochepo.7', ...extra });
      }),
      { numRuns: 60 },
    );
  });

  it('can be sent on by the SDK and read again', () => {
    const sent = HTTP.structured(receive(createEnvelope(input)));
    const body = typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body);
    expect(parseEnvelope(body)).toMatchObject({
      ok: true,
      envelope: { id: 'epochepo.7', data: { total: 3 } },
    });
  });

  it('leaves traceparent out when there is none', () => {
    expect(createEnvelope(input)).not.toHaveProperty('traceparent');
  });

  it.each([
    ['', 'ERR_ENVELOPE_JSON'],
    ['{"specversion":"1.0"', 'ERR_ENVELOPE_JSON'],
    ['null', 'ERR_ENVELOPE_SHAPE'],
    ['"text"', 'ERR_ENVELOPE_SHAPE'],
    ['[]', 'ERR_ENVELOPE_SHAPE'],
    ['{"specversion":"0.3","id":"1","source":"/","type":"t"}', 'ERR_ENVELOPE_SHAPE'],
    ['{"specversion":"1.0","id":"","source":"/","type":"t"}', 'ERR_ENVELOPE_SHAPE'],
    ['{"specversion":"1.0","id":1,"source":"/","type":"t"}', 'ERR_ENVELOPE_SHAPE'],
    ['{"specversion":"1.0","id":"1","type":"t"}', 'ERR_ENVELOPE_SHAPE'],
    ['{"specversion":"1.0","id":"1","source":"/"}', 'ERR_ENVELOPE_SHAPE'],
  ])('reports %s as %s instead of throwing', (data, code) => {
    expect(parseEnvelope(data)).toMatchObject({ ok: false, error: { code } });
  });

  it('never throws, whatever the data', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (data) => void parseEnvelope(data)));
  });
});

describe('metadata at the door', () => {
  it.each([
    'Tenant',
    'tenant-id',
    'tenant_id',
    '',
    'x'.repeat(21),
    'id',
    'source',
    'data',
    'data_base64',
    'specversion',
    'sequence',
    'traceparent',
  ])('refuses the extension name %j', (name) => {
    expect(() => assertEventMeta({ extensions: { [name]: 'v' } })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_EXTENSION' }),
    );
  });

  it.each([1.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN])('refuses the extension value %d', (value) => {
    expect(() => assertEventMeta({ extensions: { n: value } })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_EXTENSION' }),
    );
  });

  it('refuses values that are no CloudEvents type, as plain JavaScript may pass them', () => {
    const extensions = { list: ['a', 'b'] } as unknown as Record<string, string>;
    expect(() => assertEventMeta({ extensions })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_EXTENSION' }),
    );
  });

  it.each(['a\nb', 'a\rb', 'a\0b'])('refuses %j in an extension value', (value) => {
    expect(() => assertEventMeta({ extensions: { note: value } })).toThrow(
      expect.objectContaining({ code: 'ERR_CONTROL_CHARACTER' }),
    );
  });

  it('takes the whole range of a CloudEvents integer', () => {
    expect(() => assertEventMeta({ extensions: { low: -(2 ** 31), high: 2 ** 31 - 1 } })).not.toThrow();
  });

  it.each([
    'nonsense',
    TRACE.toUpperCase(),
    `ff${TRACE.slice(2)}`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
    `${TRACE}\n`,
  ])('refuses the traceparent %j', (traceparent) => {
    expect(() => assertEventMeta({ traceparent })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_TRACEPARENT' }),
    );
  });

  it('takes a W3C traceparent', () => {
    expect(() => assertEventMeta({ traceparent: TRACE })).not.toThrow();
  });
});

describe('an event type at the door', () => {
  it.each([
    ['', 'ERR_INVALID_EVENT_TYPE'],
    ['stream.open', 'ERR_RESERVED_EVENT_TYPE'],
    ['stream.mine', 'ERR_RESERVED_EVENT_TYPE'],
    ['tick\nid: 999', 'ERR_CONTROL_CHARACTER'],
    ['tick\0', 'ERR_CONTROL_CHARACTER'],
  ])('%j is refused with %s', (type, code) => {
    expect(() => assertEventType(type)).toThrow(expect.objectContaining({ code }));
  });

  it('is refused when it is no string, as plain JavaScript may pass it', () => {
    expect(() => assertEventType(undefined as unknown as string)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_EVENT_TYPE' }),
    );
  });

  it.each(['tick', 'order.paid', 'streams.open', 'été', 'a b'])('%j is taken', (type) => {
    expect(() => assertEventType(type)).not.toThrow();
  });
});
