import { expect, test } from 'vitest';

import { observedSeconds } from './observed-time.ts';

const range = { fromMs: 0, toMs: 60_000 };
const gap = (node: string, fromMs: number, toMs: number) => ({ node, fromMs, toMs });
const observed = (nodes: string[], gaps: ReturnType<typeof gap>[]) =>
  observedSeconds(range, { nodes, gaps, lost: {}, packetsSeen: 0 });

test.each([
  ['nothing is known of nodes', [], [], 60],
  ['the node reported throughout', ['a'], [], 60],
  ['the only node was silent for a while', ['a'], [gap('a', 10_000, 50_000)], 20],
  ['two silences do not touch', ['a'], [gap('a', 0, 10_000), gap('a', 50_000, 60_000)], 40],
  ['a gap reaches out of the range', ['a'], [gap('a', -30_000, 30_000)], 30],
  ['another node saw what the first did not', ['a', 'b'], [gap('a', 10_000, 50_000)], 60],
  ['both were silent together for ten seconds', ['a', 'b'], [gap('a', 0, 30_000), gap('b', 20_000, 60_000)], 50],
  ['nobody saw anything', ['a'], [gap('a', 0, 60_000)], 1],
])('when %s', (_name, nodes, gaps, seconds) => {
  expect(observed(nodes, gaps)).toBe(seconds);
});
