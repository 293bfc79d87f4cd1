/** Why a comparison may be wrong, said beside it: absence is evidence only where somebody was watching. */
import type { DiffResponse } from '../../../model/api.ts';
import { formatAge } from '../../_viz/format/time.ts';
import { formatCount, plural } from '../../_viz/format/quantities.ts';
import { doOverlap, type Against } from './against.ts';

/** `hasCommon`: something on the map is in both ranges. */
export function doubtsOf(diff: DiffResponse, against: Against, hasCommon: boolean): readonly string[] {
  const { coverageBefore: before, uncertain, totals, edges, drops } = diff;
  const silentMs = before.gaps.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0);
  const lost = Object.values(before.lost).reduce((sum, count) => sum + count, 0);
  const unsure = uncertain.edges + uncertain.drops;
  const found = totals.edges + totals.drops;
  const shown = edges.length + drops.length;
  const notWatched =
    before.nodes.length > 0
      ? null
      : hasCommon || edges.some(({ change }) => change === 'gone')
        ? 'No node reported then: nothing tells how much of that time was seen.'
        : 'Nothing was recorded then: that something is here now does not make it new.';
  const missing = diff.evidence.coverage.nodes.filter((node) => !before.nodes.includes(node));
  return [
    notWatched,
    before.nodes.length > 0 && missing.length > 0
      ? `${listed(missing)} did not report then: what only such a node sees looks new.`
      : null,
    before.nodes.length > 0 && silentMs > 0
      ? `Nothing was reported for ${formatAge(silentMs)} of that time: what looks new may have been missed.`
      : null,
    lost > 0 ? `${plural(lost, 'event')} of that time were lost.` : null,
    unsure > 0
      ? `${formatCount(unsure)} more are in one answer only, but the other was cut: neither new nor gone for sure.`
      : null,
    found > shown ? `The first ${formatCount(shown)} of ${formatCount(found)} changes.` : null,
    doOverlap(against, diff.range) ? 'The range is so long that the two overlap.' : null,
  ].filter((doubt) => doubt !== null);
}

function listed(nodes: readonly string[]): string {
  return nodes.length <= 3 ? nodes.join(', ') : `${nodes.slice(0, 2).join(', ')} and ${nodes.length - 2} more nodes`;
}
