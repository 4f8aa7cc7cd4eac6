import { describe, expect, it } from 'vitest';
import { showsColour } from './paint.ts';

const TTY = { isTTY: true };

describe('colour', () => {
  it('is for terminals', () => {
    expect(showsColour(TTY, {})).toBe(true);
    expect(showsColour({}, {})).toBe(false);
    expect(showsColour(TTY, { TERM: 'dumb' })).toBe(false);
  });

  it('obeys NO_COLOR, and FORCE_COLOR before it', () => {
    expect(showsColour(TTY, { NO_COLOR: '1' })).toBe(false);
    expect(showsColour({}, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(true);
    expect(showsColour(TTY, { FORCE_COLOR: '0' })).toBe(false);
  });
});
