import { describe, expect, it } from 'vitest';
import { adviceOn } from './advice.ts';

const lacks = (named: number, ...broken: string[]) => adviceOn({ named }, broken).map((each) => each.lacks);

describe('advice', () => {
  it('is silent where nothing was found, and where only the client or the network can be meant', () => {
    expect(lacks(20)).toEqual([]);
    expect(lacks(20, 'scenario', 'attempts')).toEqual([]);
  });

  it('says one thing once', () => {
    expect(lacks(20, 'loss', 'resume', 'wire-holes')).toHaveLength(2);
    expect(lacks(20, 'wire-duplicates', 'resume', 'wire-duplicates')).toEqual([
      'It sends again what a client had.',
    ]);
    expect(lacks(20, 'resume')).toEqual(['It does not go on exactly after the id that it is asked for.']);
  });

  it('begins with ids: without them nothing else can be known', () => {
    expect(lacks(0, 'corruption')[0]).toContain('no id');
  });
});
