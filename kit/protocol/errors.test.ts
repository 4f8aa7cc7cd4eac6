import { describe, expect, it } from 'vitest';
import { quote, SseKitError } from './errors.ts';

describe('SseKitError', () => {
  it('is an Error with a stable code, a name and the cause', () => {
    const cause = new Error('inner');
    const error = new SseKitError('ERR_X', 'what went wrong', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'SseKitError', code: 'ERR_X', message: 'what went wrong', cause });
  });
});

describe('quote', () => {
  it('escapes what would break a log line', () => {
    expect(quote('a\nb"c')).toBe('"a\\nb\\"c"');
  });

  it('shortens long values and says how long they were', () => {
    const text = quote('x'.repeat(5000));
    expect(text.length).toBeLessThan(100);
    expect(text).toContain('5002 characters');
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    [12n, '12'],
  ])('renders %s', (value, expected) => {
    expect(quote(value)).toBe(expected);
  });
});
