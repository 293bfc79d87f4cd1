/** How long the range was really watched: rates are per observed second, so that a gap does not pass for silence. */
import type { Evidence } from '../../../model/api.ts';

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Seconds of `range` in which at least one node reported; the whole range where nothing is known of nodes. */
export function observedSeconds(range: Range, { gaps, nodes }: Evidence['coverage']): number {
  const turns = gaps
    .map((gap) => ({ fromMs: Math.max(gap.fromMs, range.fromMs), toMs: Math.min(gap.toMs, range.toMs) }))
    .filter((gap) => gap.toMs > gap.fromMs)
    .flatMap((gap) => [
      { atMs: gap.fromMs, silent: 1 },
      { atMs: gap.toMs, silent: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs || a.silent - b.silent);
  let silent = 0;
  let sinceMs = 0;
  let unseenMs = 0;
  for (const turn of turns) {
    if (silent === nodes.length) unseenMs += turn.atMs - sinceMs;
    silent += turn.silent;
    sinceMs = turn.atMs;
  }
  const wholeMs = range.toMs - range.fromMs;
  return Math.max(1, (nodes.length === 0 ? wholeMs : wholeMs - unseenMs) / 1000);
}
