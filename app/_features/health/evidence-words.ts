/** What an answer rests on, in the words of the honest strip: what share was seen, what was lost, where nothing reported. */
import type { Evidence } from '../../../model/api.ts';
import { formatAge } from '../../_viz/format/time.ts';
import { formatCompact, formatShare, plural } from '../../_viz/format/quantities.ts';

export interface EvidenceWords {
  readonly seen: string;
  readonly lost: string;
  /** How many, and how long they are together. */
  readonly gaps: string;
  readonly nodes: string;
  readonly isWhole: boolean;
  /** One line per counter or gap, for whoever wants to know. */
  readonly details: readonly string[];
}

export function evidenceWords(evidence: Evidence, formatClock: (ms: number) => string): EvidenceWords {
  const { lost, packetsSeen, gaps, nodes } = evidence.coverage;
  const total = Object.values(lost).reduce((sum, value) => sum + value, 0);
  const silentMs = gaps.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0);
  return {
    seen: packetsSeen + total === 0 ? '–' : formatShare(packetsSeen, packetsSeen + total),
    lost: formatCompact(total),
    gaps: gaps.length === 0 ? '0' : `${gaps.length} of ${formatAge(silentMs)}`,
    nodes: String(nodes.length),
    isWhole: total === 0 && gaps.length === 0,
    details: [
      ...Object.entries(lost).map(([name, value]) => `${name.replaceAll('_', ' ')}: ${plural(value, 'event')} lost`),
      ...gaps.map((gap) => `${gap.node} reported nothing from ${formatClock(gap.fromMs)} to ${formatClock(gap.toMs)}`),
    ],
  };
}
