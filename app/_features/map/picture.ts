/** Everything the map draws, derived from one answer: cards with their numbers, edges with their state, boxes by name. */
import type { MapEdge, MapNode, MapResponse } from '../../../model/api.ts';
import { hostKinds } from '../../../model/words.ts';
import { formatByteRate, formatRate } from '../../_viz/format/quantities.ts';
import { observedSeconds } from '../health/observed-time.ts';
import { keepToBudget } from './budget.ts';
import { bytesOf, edgeLabel, edgeState, edgeWidth, failedShare, type EdgeState } from './edge-facts.ts';
import { foldOutside } from './fold-outside.ts';
import { isOutside } from './node-id.ts';

export interface PictureNode {
  readonly node: MapNode;
  readonly box: string | null;
  readonly isOutside: boolean;
  /** The line under the name. */
  readonly rates: string;
  readonly drops: number;
  /** Share of its traffic that failed, 0 to 1. */
  readonly failed: number;
  /** What a folded card stands for; empty for others. */
  readonly members: readonly MapNode[];
}

export interface PictureEdge {
  readonly edge: MapEdge;
  readonly state: EdgeState;
  readonly width: number;
  readonly label: string;
}

export interface Picture {
  readonly nodes: ReadonlyMap<string, PictureNode>;
  readonly edges: ReadonlyMap<string, PictureEdge>;
  /** Box id to the words on it. */
  readonly boxes: ReadonlyMap<string, string>;
  /** Observed time: what rates are per second of. */
  readonly seconds: number;
  readonly notice: string | null;
}

export function createPicture(response: MapResponse): Picture {
  const seconds = observedSeconds(response.range, response.evidence.coverage);
  const folded = foldOutside(response.nodes, response.edges);
  const { nodes, edges, members, notice } = keepToBudget(folded.nodes, folded.edges);
  const clusters = new Set(nodes.map((node) => node.cluster));
  const boxes = new Map<string, string>();
  const boxOf = (node: MapNode): string | null => {
    if (isOutside(node) || node.kind === 'Namespace') return null;
    if (node.namespace === '' && !hostKinds.includes(node.kind)) return null;
    const id = `${node.cluster}/${node.namespace}`;
    const name = node.namespace === '' ? 'this host' : node.namespace;
    boxes.set(id, clusters.size > 1 ? `${node.cluster} / ${name}` : name);
    return id;
  };
  const touching = edgesByNode(edges);
  return {
    nodes: new Map(
      nodes.map((node) => [
        node.id,
        {
          node,
          box: boxOf(node),
          isOutside: isOutside(node),
          members: members.get(node.id) ?? folded.members.get(node.id) ?? [],
          ...numbersOf(node, touching.get(node.id) ?? [], seconds),
        },
      ]),
    ),
    edges: new Map(
      edges.map((edge) => [
        edge.id,
        { edge, state: edgeState(edge), width: edgeWidth(edge, seconds), label: edgeLabel(edge, seconds) },
      ]),
    ),
    boxes,
    seconds,
    notice,
  };
}

function edgesByNode(edges: readonly MapEdge[]): ReadonlyMap<string, readonly MapEdge[]> {
  const touching = new Map<string, MapEdge[]>();
  for (const edge of edges) {
    for (const id of new Set([edge.source, edge.destination])) {
      const list = touching.get(id) ?? [];
      list.push(edge);
      touching.set(id, list);
    }
  }
  return touching;
}

function numbersOf(
  node: MapNode,
  edges: readonly MapEdge[],
  seconds: number,
): Pick<PictureNode, 'rates' | 'drops' | 'failed'> {
  const incoming = edges.filter((edge) => edge.destination === node.id);
  const own = incoming.length > 0 ? incoming : edges;
  const requests = own.reduce((sum, edge) => sum + edge.requests, 0);
  const bytes = edges.reduce((sum, edge) => sum + bytesOf(edge), 0);
  const weights = edges.map((edge) => Math.max(1, edge.connections + edge.requests));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const failed = edges.reduce((sum, edge, index) => sum + failedShare(edge) * (weights[index] ?? 0), 0);
  return {
    rates: [requests > 0 ? formatRate(requests, seconds) : '', formatByteRate(bytes, seconds)]
      .filter(Boolean)
      .join(' · '),
    drops: edges.reduce((sum, edge) => sum + edge.drops, 0),
    failed: total === 0 ? 0 : failed / total,
  };
}
