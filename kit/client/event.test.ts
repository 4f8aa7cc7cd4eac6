import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEnvelope, isEnvelope } from '../protocol/envelope.ts';
import { type DataFormat, WireEvent } from './event.ts';

const decoded = (raw: string, format: DataFormat = 'auto') =>
  new WireEvent('t', null, raw, { format, url: '' });

/** What an event says, or the code of the error it throws. */
function said(raw: string, format: DataFormat, read: (event: WireEvent) => unknown): unknown {
  try {
    return read(decoded(raw, format));
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** The same, the plain way: all of it parsed, then looked at. */
function plainly(raw: string, format: DataFormat): { data: unknown; envelope: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    const code = 'ERR_ENVELOPE_JSON';
    return format === 'envelope' || /^\s*[[{]/.test(raw)
      ? { data: code, envelope: code }
      : { data: raw, envelope: null };
  }
  if (isEnvelope(value)) return { data: value.data, envelope: value };
  const code = 'ERR_ENVELOPE_SHAPE';
  return format === 'envelope' ? { data: code, envelope: code } : { data: value, envelope: null };
}

const attribute = fc.oneof(fc.string({ minLength: 1 }), fc.boolean(), fc.integer());
const envelopes = fc
  .record({
    source: fc.string(),
    type: fc.string(),
    data: fc.jsonValue() as fc.Arbitrary<unknown>,
    position: fc.record({ epoch: fc.constant('epoch-0001'), seq: fc.nat() }),
    unixMs: fc.nat(4e12),
    extensions: fc.dictionary(fc.stringMatching(/^[a-z0-9]{1,20}$/), attribute, { maxKeys: 4 }),
  })
  .map((input) => JSON.stringify(createEnvelope(input)));
/** Envelopes with something cut out, put in, or put behind. */
const damaged = fc
  .tuple(
    envelopes,
    fc.nat(400),
    fc.nat(3),
    fc.constantFrom(
      '',
      '"',
      ',',
      '}',
      '{',
      '\\',
      ' ',
      '0',
      ',"data":',
      ',"data":1',
      ',"x":1',
      '\n',
      '\u0001',
    ),
  )
  .map(([text, at, length, put]) => text.slice(0, at) + put + text.slice(at + length));
const payloads = fc.constantFrom<DataFormat>('auto', 'envelope');

describe('an event', () => {
  it('says of an envelope what parsing all of it says, whichever is read first', () => {
    fc.assert(
      fc.property(fc.oneof(envelopes, damaged), payloads, fc.boolean(), (raw, format, dataFirst) => {
        const both = said(raw, format, (event) => {
          const first = dataFirst ? event.data : event.envelope;
          const second = dataFirst ? event.envelope : event.data;
          return dataFirst ? { data: first, envelope: second } : { data: second, envelope: first };
        });
        const { data, envelope } = plainly(raw, format);
        expect(both).toEqual(typeof envelope === 'string' ? envelope : { data, envelope });
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    [
      'an attribute behind the payload',
      '{"specversion":"1.0","id":"1","source":"s","type":"t","data":1,"late":2}',
    ],
    ['two payloads', '{"specversion":"1.0","id":"1","source":"s","type":"t","data":1,"data":2}'],
    ['no source', '{"specversion":"1.0","id":"1","type":"t","data":1}'],
    ['its end missing', '{"specversion":"1.0","id":"1","source":"s","type":"t","data":12'],
    ['a number that is none', '{"specversion":"1.0","id":"1","source":"s","type":"t","n":01,"data":1}'],
    ['escapes', '{"specversion":"1.0","id":"1","source":"\\",\\"data\\":","type":"t","data":1}'],
    ['another version', '{"specversion":"0.3","id":"1","source":"s","type":"t","data":1}'],
  ])('says of an envelope with %s what parsing all of it says', (_what, raw) => {
    for (const format of ['auto', 'envelope'] as const) {
      expect(said(raw, format, ({ data }) => data)).toEqual(plainly(raw, format).data);
    }
  });

  it('leaves the rest of the envelope unread until somebody asks for it', () => {
    const time = '2026-11-22T08:00:00.000Z';
    const event = decoded(
      `{"specversion":"1.0","id":"1","source":"s","type":"t","time":"${time}","data":{"n":1}}`,
    );
    expect(event.knownPublishedAt).toBe(null); // nobody read the payload
    expect(event.data).toEqual({ n: 1 });
    expect(event.knownPublishedAt).toBe(Date.parse(time));
    expect(event.envelope?.data).toBe(event.data);
    event.replaceData('validated');
    expect([event.data, event.envelope?.data]).toEqual(['validated', 'validated']);
  });

  it('takes text for text and JSON for JSON when told to', () => {
    const raw = '{"specversion":"1.0","id":"1","source":"s","type":"t","data":1}';
    expect(decoded(raw, 'text').data).toBe(raw);
    expect(decoded(raw, 'json').data).toEqual(JSON.parse(raw));
    expect(decoded(raw, 'json').envelope).toBe(null);
    expect(decoded('tok').data).toBe('tok');
  });
});
