import { describe, expect, test } from 'vitest';

import { anEvidence, aPoint, aSeries } from '../../../model/series.fixture.ts';
import { drops, failedPercent, latency, requestRate, signal } from './signals.ts';

describe('signals over time', () => {
  test('count a rate over the time that the bucket covers', () => {
    const points = [aPoint({ requests: 50 }), aPoint({ fromMs: 10_000, requests: 50 })];
    const cut = { fromMs: 0, toMs: 15_000 };
    expect(signal(aSeries({ range: cut, points }), requestRate).now).toEqual([5, 10]);
  });

  test('leave out a bucket that the range hardly touches', () => {
    const points = [aPoint({ requests: 50 }), aPoint({ fromMs: 10_000, requests: 50 })];
    expect(signal(aSeries({ range: { fromMs: 0, toMs: 11_000 }, points }), requestRate).now).toEqual([5, null]);
  });

  test('have no share and no latency where nothing was asked', () => {
    const points = [
      aPoint({ requests: 8, errors: 1, unanswered: 1, latencyMs: { p50: 1, p95: 2, p99: 3 } }),
      aPoint({ fromMs: 10_000 }),
    ];
    expect(signal(aSeries({ points }), failedPercent).now).toEqual([25, null]);
    expect(signal(aSeries({ points }), latency('p95')).now).toEqual([2, null]);
  });

  test('are a gap where every node was silent, and a zero where only one was', () => {
    const gap = { fromMs: 10_000, toMs: 30_000 };
    const heard = (nodes: string[]) =>
      anEvidence({ coverage: { lost: {}, packetsSeen: 1, nodes, gaps: [{ node: 'a', ...gap }] } });
    expect(signal(aSeries({ evidence: heard(['a']) }), drops).now).toEqual([0, null]);
    expect(signal(aSeries({ evidence: heard(['a', 'b']) }), drops).now).toEqual([0, 0]);
  });

  test('carry the period before only when it was asked for', () => {
    const previous = [aPoint({ fromMs: -20_000, drops: 3 }), aPoint({ fromMs: -10_000, drops: 4 })];
    expect(signal(aSeries({ previous }), drops).before).toEqual([3, 4]);
    expect(signal(aSeries(), drops).before).toBeUndefined();
  });
});
