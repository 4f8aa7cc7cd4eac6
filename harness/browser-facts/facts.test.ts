import { describe, expect, it } from 'vitest';
import { experiments } from './experiments.ts';
import { type BrowserFact, browserFacts, expectedOf } from './facts.ts';

describe('facts about browsers', () => {
  it('has one fact for each experiment', () => {
    expect(browserFacts.map(({ id }) => id).sort()).toEqual(Object.keys(experiments).sort());
  });

  it('expects of a version what was measured last before it', () => {
    const fact: BrowserFact = {
      id: 'retry-0',
      stimulus: 'any',
      expected: {
        chromium: [
          { version: 156, value: 'old' },
          { version: 170, value: 'new' },
        ],
        firefox: [],
      },
    };
    const of = (version: number) => expectedOf(fact, 'chromium', version)?.value;
    expect([of(150), of(156), of(169), of(170), of(200)]).toEqual(['old', 'old', 'old', 'new', 'new']);
    expect(expectedOf(fact, 'firefox', 153)).toBeUndefined();
  });
});
