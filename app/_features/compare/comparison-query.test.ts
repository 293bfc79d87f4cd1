import { describe, expect, test } from 'vitest';

import { isWorthAsking, type Question } from './comparison-query.ts';

const question = (toMs: number, of: Partial<Question> = {}): Question => ({
  from: String(toMs - 1000),
  to: String(toMs),
  before: String(toMs - 2000),
  filter: '',
  grouping: 'workload',
  ...of,
});

describe('a comparison is asked for again', () => {
  test('at once when it is another question', () => {
    expect(isWorthAsking(null, question(9000), false, 5000)).toBe(true);
    expect(isWorthAsking(question(9000), null, false, 5000)).toBe(true);
    expect(isWorthAsking(question(9000), question(9000, { filter: 'ns:a' }), true, 5000)).toBe(true);
    expect(isWorthAsking(question(9000), question(9000, { before: '1' }), true, 5000)).toBe(true);
    expect(isWorthAsking(question(9000), question(9000, { from: '1' }), true, 5000)).toBe(true);
    expect(isWorthAsking(question(9000), question(8000), true, 5000)).toBe(true);
  });

  test('of a range that moved on only after a while, and not before the last answer', () => {
    expect(isWorthAsking(question(9000), question(9000), false, 5000)).toBe(false);
    expect(isWorthAsking(question(9000), question(13_999), false, 5000)).toBe(false);
    expect(isWorthAsking(question(9000), question(14_000), true, 5000)).toBe(false);
    expect(isWorthAsking(question(9000), question(14_000), false, 5000)).toBe(true);
  });
});
