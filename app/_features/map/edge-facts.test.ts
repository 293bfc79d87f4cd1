import { describe, expect, test } from 'vitest';

import { anEdge } from '../../testing/map.fixture.ts';
import { edgeLabel, edgeState, failedShare } from './edge-facts.ts';

describe('edgeState', () => {
  test.each([
    ['traffic without failures is plain', {}, 'plain'],
    ['drops without an answer cut it off', { drops: 12, bytesToSource: '0', packets: 0 }, 'dropped'],
    ['one drop in a million packets only marks it', { drops: 1, packets: 1_000_000 }, 'marked'],
    ['drops of more than a percent are drops', { drops: 20, packets: 1000 }, 'dropped'],
    ['errors warm it', { requests: 100, errors: 5 }, 'warm'],
    ['unanswered requests warm it', { requests: 100, unanswered: 5 }, 'warm'],
    ['one error in a thousand does not', { requests: 1000, errors: 1 }, 'plain'],
  ] as const)('%s', (_, of, state) => {
    expect(edgeState(anEdge(of))).toBe(state);
  });
});

test('an edge that is cut off has failed entirely', () => {
  expect(failedShare(anEdge({ drops: 3, bytesToSource: '0', packets: 3 }))).toBe(1);
});

describe('edgeLabel', () => {
  test('tells drops first when nothing else gets through', () => {
    expect(edgeLabel(anEdge({ drops: 312, bytesToSource: '0' }), 60)).toBe('312 dropped');
  });
  test('tells rate and latency of requests', () => {
    const edge = anEdge({ requests: 1200, latencyMs: { p50: 1, p95: 3.14, p99: 9 } });
    expect(edgeLabel(edge, 60)).toBe('20/s · p95 3.14 ms');
  });
  test('tells bytes where there are no requests', () => {
    expect(edgeLabel(anEdge({ bytesToDestination: '60000', bytesToSource: '60000' }), 60)).toBe('2 kB/s');
  });
});
