import { describe, expect, test } from 'vitest';

import { mostKnown, parseKnown, withKnown, withoutKnown, type Known } from './known-problems.ts';

describe('known problems', () => {
  test('are kept with their note, and forgotten when unmarked', () => {
    const known = withKnown({}, 'a', ' old firewall ', 5);
    expect(parseKnown(JSON.stringify(known))).toEqual({ a: { note: 'old firewall', sinceMs: 5 } });
    expect(withoutKnown(known, 'a')).toEqual({});
  });
  test.each(['', '{', '[]', '{"a":1}'])('stored as %s are none', (text) => {
    expect(parseKnown(text)).toEqual({});
  });
  test('are bounded: the oldest goes', () => {
    let known: Known = {};
    for (let at = 0; at <= mostKnown; at += 1) known = withKnown(known, `p${at}`, '', at);
    expect(Object.keys(known)).toHaveLength(mostKnown);
    expect(known['p0']).toBeUndefined();
    expect(known[`p${mostKnown}`]).toBeDefined();
  });
});
