/**
 * Which cards and edges of the map are new, gone or changed. Several edges drawn as one are new or gone only when all of
 * them are; else they have changed.
 */
import type { DiffResponse, EdgeChange } from '../../../model/api.ts';
import { changeWords, isMore, leadingFactor, strength, type Factor } from './change-words.ts';

export type Change = 'new' | 'gone' | 'changed';

export interface EdgeMark {
  readonly change: Change;
  /** Which way the leading measure of a changed edge went; null when nothing leads. */
  readonly trend: 'more' | 'less' | null;
  /** A few words that stand on the edge. */
  readonly words: string;
}

interface Ends {
  readonly source: string;
  readonly destination: string;
}

/** The edge that stands for this one on the map, and its id; `cardOf` names the card of what is folded. */
export function drawnEdge({ source, destination }: Ends, cardOf: ReadonlyMap<string, string>): Ends & { id: string } {
  const ends = { source: cardOf.get(source) ?? source, destination: cardOf.get(destination) ?? destination };
  return { ...ends, id: `${ends.source}>${ends.destination}` };
}

/** `edges` are all that the map draws, before folding. */
export function markEdges(
  changes: readonly EdgeChange[],
  edges: Iterable<Ends>,
  cardOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, EdgeMark> {
  const totals = new Map<string, number>();
  for (const edge of edges) {
    const { id } = drawnEdge(edge, cardOf);
    totals.set(id, (totals.get(id) ?? 0) + 1);
  }
  const grouped = new Map<string, EdgeChange[]>();
  for (const change of changes) {
    const { id } = drawnEdge(change, cardOf);
    grouped.set(id, [...(grouped.get(id) ?? []), change]);
  }
  return new Map([...grouped].map(([id, group]) => [id, markOf(group, totals.get(id) ?? group.length)]));
}

function markOf(changes: readonly EdgeChange[], total: number): EdgeMark {
  const [first] = changes;
  const isOne = changes.length === total && changes.every(({ change }) => change === first?.change);
  if (isOne && first !== undefined && first.change !== 'changed') {
    return { change: first.change, trend: null, words: first.change };
  }
  if (total > 1) return { change: 'changed', trend: null, words: `${changes.length} of ${total} changed` };
  const factors = changes.flatMap((change) => change.factors);
  const lead = leadingFactor(factors);
  return {
    change: 'changed',
    trend: lead === null ? null : isMore(lead) ? 'more' : 'less',
    words: changeWords(factors),
  };
}

export function markNodes(
  nodes: DiffResponse['nodes'],
  cardOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, 'new' | 'gone'> {
  // A card that stands for many is neither.
  return new Map(nodes.filter(({ node }) => !cardOf.has(node.id)).map(({ node, change }) => [node.id, change]));
}

/** The greatest of an edge's changes. */
export const greatest = (factors: readonly Factor[]): number => Math.max(0, ...factors.map(strength));
