/**
 * A map of more than 300 cards or 1,500 edges cannot be read. Past that, what carries least traffic is left out, never
 * what loses packets, and the page says what share it shows.
 */
import type { MapEdge, MapNode } from '../../../model/api.ts';
import { formatCount, formatShare } from '../../_viz/format/quantities.ts';
import { bytesOf } from './edge-facts.ts';

export const mostNodes = 300;
const mostEdges = 1_500;

export interface Budgeted {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** Null when everything is shown. */
  readonly notice: string | null;
}

export function keepToBudget(nodes: readonly MapNode[], edges: readonly MapEdge[]): Budgeted {
  if (nodes.length <= mostNodes && edges.length <= mostEdges) return { nodes, edges, notice: null };
  const weight = new Map<string, number>();
  const add = (id: string, value: number): void => void weight.set(id, (weight.get(id) ?? 0) + value);
  for (const edge of edges) {
    // A single drop outweighs any traffic.
    const value = edge.drops > 0 ? Number.MAX_SAFE_INTEGER : bytesOf(edge);
    add(edge.source, value);
    add(edge.destination, value);
  }
  const ranked = [...nodes].sort((a, b) => (weight.get(b.id) ?? 0) - (weight.get(a.id) ?? 0));
  const kept = new Set(ranked.slice(0, mostNodes).map((node) => node.id));
  const inside = edges.filter((edge) => kept.has(edge.source) && kept.has(edge.destination));
  const shown = [...inside].sort((a, b) => b.drops - a.drops || bytesOf(b) - bytesOf(a)).slice(0, mostEdges);
  const total = edges.reduce((sum, edge) => sum + bytesOf(edge), 0);
  const part = shown.reduce((sum, edge) => sum + bytesOf(edge), 0);
  const drops = edges.reduce((sum, edge) => sum + edge.drops, 0);
  const shownDrops = shown.reduce((sum, edge) => sum + edge.drops, 0);
  const notice = `${formatCount(kept.size)} of ${formatCount(nodes.length)} shown, with ${formatShare(part, total)} of bytes and ${drops === shownDrops ? 'every drop' : `${formatShare(shownDrops, drops)} of drops`}`;
  return { nodes: nodes.filter((node) => kept.has(node.id)), edges: shown, notice };
}
