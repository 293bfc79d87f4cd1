/**
 * A map of more than 300 cards or 1,500 edges cannot be read. Past that, the services that carry least are drawn as one
 * card per namespace, then the least of all is left out; what loses packets comes first, then what changed when the map is
 * compared. The page says what share it shows.
 */
import type { MapEdge, MapNode, MapResponse } from '../../../model/api.ts';
import { formatCount, formatShare } from '../../_viz/format/quantities.ts';
import { bytesOf } from './edge-facts.ts';
import { mergeEdges } from './merge-edges.ts';

export const mostNodes = 300;
export const mostEdges = 1_500;

/** Nothing on a map carries a petabyte. */
const changeWeight = 1e15;

export interface Budgeted {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** What each card of a namespace's rest stands for. */
  readonly members: ReadonlyMap<string, readonly MapNode[]>;
  /** Null when everything is shown. */
  readonly notice: string | null;
}

/** `changed` holds the ids of edges that come before the busiest. */
export function keepToBudget(
  nodes: readonly MapNode[],
  edges: readonly MapEdge[],
  changed: ReadonlySet<string> = new Set(),
): Budgeted {
  if (nodes.length <= mostNodes && edges.length <= mostEdges) return { nodes, edges, members: new Map(), notice: null };
  const ranked = byImportance(nodes, edges, changed);
  const { kept, members } = foldRest(ranked);
  const foldOf = new Map([...members].flatMap(([id, rest]) => rest.map((node) => [node.id, id] as const)));
  const merged = mergeEdges(edges, foldOf);
  const mergedChanged = new Set(
    mergeEdges(
      edges.filter(({ id }) => changed.has(id)),
      foldOf,
    ).map(({ id }) => id),
  );
  const cards = byImportance([...kept, ...[...members].map(([id, rest]) => restNode(id, rest))], merged, mergedChanged);
  const drawn = new Set(cards.slice(0, mostNodes).map((node) => node.id));
  const isChanged = ({ id }: MapEdge): number => Number(mergedChanged.has(id));
  const shown = merged
    .filter((edge) => drawn.has(edge.source) && drawn.has(edge.destination))
    .sort((a, b) => b.drops - a.drops || isChanged(b) - isChanged(a) || bytesOf(b) - bytesOf(a))
    .slice(0, mostEdges);
  const own = kept.filter((node) => drawn.has(node.id)).length;
  return {
    nodes: cards.filter((node) => drawn.has(node.id)),
    edges: shown,
    members,
    notice: noticeOf(own, nodes.length, members.size > 0, shown, edges),
  };
}

function byImportance(nodes: readonly MapNode[], edges: readonly MapEdge[], changed: ReadonlySet<string>): MapNode[] {
  const weight = new Map<string, number>();
  const add = (id: string, value: number): void => void weight.set(id, (weight.get(id) ?? 0) + value);
  for (const edge of edges) {
    // A single drop outweighs any traffic, and so does a change, by less.
    const value = edge.drops > 0 ? Number.MAX_SAFE_INTEGER : changed.has(edge.id) ? changeWeight : bytesOf(edge);
    add(edge.source, value);
    add(edge.destination, value);
  }
  return [...nodes].sort((a, b) => (weight.get(b.id) ?? 0) - (weight.get(a.id) ?? 0) || (a.id < b.id ? -1 : 1));
}

const spaceOf = ({ cluster, namespace }: MapNode): string => `${cluster}/${namespace}/rest/others`;

/** As many services keep a card as leave room for one more card per namespace. */
function foldRest(ranked: readonly MapNode[]): { kept: readonly MapNode[]; members: Map<string, MapNode[]> } {
  if (ranked.length <= mostNodes) return { kept: ranked, members: new Map() };
  const spaces = new Set(ranked.map(spaceOf)).size;
  const room = Math.max(mostNodes / 2, mostNodes - spaces);
  const members = new Map<string, MapNode[]>();
  for (const node of ranked.slice(room)) members.set(spaceOf(node), [...(members.get(spaceOf(node)) ?? []), node]);
  return { kept: ranked.slice(0, room), members };
}

function restNode(id: string, rest: readonly MapNode[]): MapNode {
  const [cluster = '', namespace = ''] = id.split('/');
  const name = `${formatCount(rest.length)} others`;
  return { id, cluster, namespace, kind: 'rest', name, addresses: [], pods: [] };
}

function noticeOf(
  own: number,
  all: number,
  isFolded: boolean,
  shown: readonly MapEdge[],
  edges: readonly MapEdge[],
): string {
  const sum = (list: readonly MapEdge[], of: (edge: MapEdge) => number): number =>
    list.reduce((total, edge) => total + of(edge), 0);
  const bytes = formatShare(sum(shown, bytesOf), sum(edges, bytesOf));
  const drops = sum(edges, (edge) => edge.drops);
  const dropsShown =
    drops === 0
      ? ''
      : `, ${formatShare(
          sum(shown, (edge) => edge.drops),
          drops,
        )} of drops`;
  const rest = isFolded ? ', the rest summed by namespace' : '';
  return `${formatCount(own)} of ${formatCount(all)} services${rest}: ${bytes} of bytes${dropsShown}`;
}

/** What the answer itself left out of the range, in one line; null when it holds everything. */
export function noticeOfAnswer(budget: MapResponse['budget']): string | null {
  if (budget === undefined) return null;
  const { nodes, edges, bytes, drops } = budget;
  if (nodes.shown >= nodes.total && edges.shown >= edges.total) return null;
  const dropsShown = drops.total === 0 ? '' : `, ${formatShare(drops.shown, drops.total)} of drops`;
  return `The busiest ${formatCount(nodes.shown)} of ${formatCount(nodes.total)} services: ${formatShare(bytes.shown, bytes.total)} of bytes${dropsShown}`;
}
