import { describe, expect, it } from 'vitest';
import { connect } from './index.ts';

describe('types', () => {
  it('pair each name of an event map with its payload', () => {
    const stream = connect<{ paid: { order: number }; note: string }>('http://test/typed', {
      signal: AbortSignal.abort(),
      onEvent: (event) => {
        if (event.type === 'paid') event.data.order.toFixed();
        // @ts-expect-error a note is a string
        if (event.type === 'note') event.data.order;
        // @ts-expect-error no such event
        if (event.type === 'gone') return;
      },
    });
    stream.addEventListener('note', (event) => event.data.trim());
    stream.addEventListener('stream.retry', (fact) => fact.delayMs.toFixed());
    // @ts-expect-error no such event
    stream.addEventListener('gone', () => undefined);
    // @ts-expect-error a retry has no payload
    stream.addEventListener('stream.retry', (fact) => fact.data);
    expect(stream.state).toBe('closed');
  });
});
