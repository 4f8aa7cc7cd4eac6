import { describe, expect, it } from 'vitest';
import type { Item } from './messages.ts';
import { createRelayedBody } from './relayed-response.ts';

const [A, B] = ['epoch-aaa', 'epoch-bbb'];
/** The id of an event of `a`, or of `b`, as the server wrote it. */
const ofA = (a: number, b: number): string => `a=${A}.${a};b=${B}.${b}`;
const ofB = (a: number, b: number): string => `b=${B}.${b};a=${A}.${a}`;
const event = (id: string): Item => ({ kind: 'event', type: 'message', id, raw: id });
const loss = { stream: 'a', reason: 'expired', requested: null, from: `${A}.5`, missed: 5 } as const;

/** What a tab that has nothing of both streams is given of these, and what it would ask for then. */
async function relay(items: readonly Item[]) {
  const body = createRelayedBody(ofA(0, 0), 10_000, () => undefined);
  for (const item of items) body.item(item);
  body.end(null);
  const given: string[] = [];
  for (let chunk = await body.read(); chunk; chunk = await body.read()) {
    given.push(/^id: (.*)$/m.exec(new TextDecoder().decode(chunk))?.[1] ?? '');
  }
  return { given, mark: body.mark?.split(';').sort() };
}

describe('the place of a tab among several streams', () => {
  it('is not moved in one stream by what the events of another say of it', async () => {
    // The leader waited for the first of `a` when `b` was written: its id is ahead of what was passed on.
    const ids = [ofB(2, 1), ofA(1, 0), ofA(2, 0)];
    const { given, mark } = await relay(ids.map(event));
    expect(given).toEqual(ids);
    expect(mark).toEqual([`a=${A}.2`, `b=${B}.1`]);
  });

  it('is kept in the others when one cannot go on', async () => {
    const { given, mark } = await relay([
      event(ofB(0, 1)),
      { kind: 'jump', loss },
      event(ofB(0, 1)),
      event(ofA(5, 1)),
      event(ofA(6, 1)),
    ]);
    expect(given).toEqual([ofB(0, 1), `a=${A}.5`, ofA(6, 1)]);
    expect(mark).toEqual([`a=${A}.6`, `b=${B}.1`]);
  });
});
