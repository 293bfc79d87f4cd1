/**
 * Puts points in a row at whole units, in the given order and at least `step` apart, as near to where they want to be as least squares
 * allow (pool adjacent violators), then pushes them into the bounds.
 */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

interface Block {
  sum: number;
  count: number;
}

export function spread(desired: readonly number[], step: number, bounds?: Bounds): number[] {
  const blocks: Block[] = [];
  desired.forEach((want, index) => {
    let block: Block = { sum: want - index * step, count: 1 };
    for (let previous = blocks.at(-1); previous !== undefined; previous = blocks.at(-1)) {
      if (previous.sum / previous.count <= block.sum / block.count) break;
      blocks.pop();
      block = { sum: previous.sum + block.sum, count: previous.count + block.count };
    }
    blocks.push(block);
  });
  const placed = blocks.flatMap(({ sum, count }) => Array.from({ length: count }, () => Math.round(sum / count)));
  return placed.map((base, index) => {
    const at = base + index * step;
    if (bounds === undefined) return at;
    const highest = bounds.max - (placed.length - 1 - index) * step;
    return Math.max(bounds.min + index * step, Math.min(highest, at));
  });
}
