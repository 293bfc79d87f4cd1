import { describe, expect, test } from 'vitest';

import { aChange, aDiff } from '../../testing/diff.fixture.ts';
import { doOverlap, startOfOther } from './against.ts';
import { doubtsOf } from './doubts.ts';

const coverage = aDiff().coverageBefore;

describe('what a comparison cannot be sure of', () => {
  test('is nothing when the same nodes watched all the time and nothing was cut', () => {
    expect(doubtsOf(aDiff({ edges: [aChange('new', 'a', 'b')] }), 'yesterday', true)).toEqual([]);
  });

  test('is all of it when nothing was recorded then', () => {
    const coverageBefore = { ...coverage, nodes: [], gaps: [{ node: 'node-1', fromMs: 0, toMs: 60_000 }] };
    const diff = aDiff({ coverageBefore, edges: [aChange('new', 'a', 'b')] });
    expect(doubtsOf(diff, 'yesterday', false)).toEqual([
      'Nothing was recorded then: that something is here now does not make it new.',
    ]);
    expect(doubtsOf(diff, 'yesterday', true)[0]).toContain('nothing tells how much of that time was seen');
  });

  test('is said for gaps, losses, nodes that were not there and answers that were cut', () => {
    const diff = aDiff({
      coverageBefore: {
        ...coverage,
        nodes: ['other'],
        lost: { ring_full: 7 },
        gaps: [{ node: 'other', fromMs: 0, toMs: 30_000 }],
      },
      totals: { edges: 3, drops: 0 },
      uncertain: { edges: 2, drops: 1 },
    });
    expect(doubtsOf(diff, 'before', true)).toEqual([
      'node-1 did not report then: what only such a node sees looks new.',
      'Nothing was reported for 30 s of that time: what looks new may have been missed.',
      '7 events of that time were lost.',
      '3 more are in one answer only, but the other was cut: neither new nor gone for sure.',
      'The first 0 of 3 changes.',
    ]);
  });
});

test('the other range is as long and begins as long before, or whole days before', () => {
  const range = { fromMs: 1_000_000_000, toMs: 1_000_060_000 };
  expect(startOfOther('before', range)).toBe(999_940_000);
  expect(startOfOther('yesterday', range)).toBe(913_600_000);
  expect(startOfOther('last-week', range)).toBe(395_200_000);
});

test('a week overlaps with itself a day ago, and no range with the one just before', () => {
  const week = { fromMs: 0, toMs: 604_800_000 };
  expect([doOverlap('yesterday', week), doOverlap('last-week', week), doOverlap('before', week)]).toEqual([
    true,
    false,
    false,
  ]);
});
