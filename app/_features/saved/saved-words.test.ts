import { describe, expect, test } from 'vitest';

import { placeWords } from './saved-words.ts';

describe('a saved view in words', () => {
  test.each([
    ['/', 'Map, last 15 min'],
    ['/drops?range=7d&filter=ns%3Ashop', 'Drops, last 7 days, ns:shop'],
    ['/elsewhere?range=nonsense', '/elsewhere, last 15 min'],
    ['/flows?from=1795000000000&to=1795000600000', /^Flows, 18 Nov .+11:16$/],
  ])('%s is told as such', (place, words) => {
    expect(placeWords(place, 'utc')).toEqual(typeof words === 'string' ? words : expect.stringMatching(words));
  });
});
