/**
 * Everything the map draws, derived from one answer: cards with their numbers, edges with their state, boxes by name. When
 * the range is compared with another, also what is gone, and a mark on what is new, gone or changed.
 */
import type { DiffResponse, MapEdge, MapNode, MapResponse } from '../../../model/api.ts';
import { hostKinds } from '../../../model/words.ts';
import { formatByteRate, formatRate } from '../../_viz/format/quantities.ts';
import { markEdges, markNodes, type EdgeMark } from '../compare/change-marks.ts';
import { observedSeconds } from '../health/observed-time.ts';
import { keepToBudget } from './budget.ts';
import { bytesOf, edgeLabel, edgeState, edgeVolume, edgeWidth, failedShare, type EdgeState } from './edge-facts.ts';
import { foldOutside } from './fold-outside.ts';
import { isOutside, nodeOfId } from './node-id.ts';

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
  /** On one of two compared maps only. */
  readonly change: 'new' | 'gone' | null;
}

export interface PictureEdge {
  readonly edge: MapEdge;
  readonly state: EdgeState;
  readonly width: number;
  readonly label: string;
  /** How it differs from the range compared with; null when it does not, or nothing is compared. */
  readonly mark: EdgeMark | null;
}

export interface Picture {
  readonly nodes: ReadonlyMap<string, PictureNode>;
  readonly edges: ReadonlyMap<string, PictureEdge>;
  /** Box id to the words on it. */
  readonly boxes: ReadonlyMap<string, string>;
  /** Observed time: what rates are per second of. */
  readonly seconds: number;
  readonly notice: string | null;
  readonly isCompared: boolean;
  /** The card of what has none of its own. */
  readonly cardOf: ReadonlyMap<string, string>;
}

/** `isWhole` folds nothing and leaves nothing out, for what shows edges other than by drawing them. */
export function createPicture(response: MapResponse, diff: DiffResponse | null = null, isWhole = false): Picture {
  const seconds = observedSeconds(response.range, response.evidence.coverage);
  const changes = diff === null ? noChanges : stillTrue(diff, response);
  const all = withGone(response, changes);
  const changed = new Set(changes.edges.map(({ id }) => id));
  const unfolded = { nodes: all.nodes, edges: all.edges, members: new Map<string, readonly MapNode[]>() };
  const folded = isWhole ? unfolded : foldOutside(all.nodes, all.edges, changed);
  const { nodes, edges, members, notice } = isWhole
    ? { ...unfolded, notice: null }
    : keepToBudget(folded.nodes, folded.edges, changed);
  const rest = new Map(cardsOf(members));
  const cardOf = new Map([
    ...cardsOf(folded.members).map(([id, card]) => [id, rest.get(card) ?? card] as const),
    ...rest,
  ]);
  const marks = markEdges(changes.edges, all.edges, cardOf);
  const changeOf = markNodes(changes.nodes, cardOf);
  const boxes = new Map<string, string>();
  const boxOf = boxNames(nodes, boxes);
  const touching = edgesByNode(edges);
  return {
    nodes: new Map(
      nodes.map((node): [string, PictureNode] => {
        const change = changeOf.get(node.id) ?? null;
        // What is gone says what it was; what is there does not add up with what is not.
        const own = (touching.get(node.id) ?? []).filter(
          ({ id }) => change === 'gone' || marks.get(id)?.change !== 'gone',
        );
        return [
          node.id,
          {
            node,
            box: boxOf(node),
            isOutside: isOutside(node),
            members: members.get(node.id) ?? folded.members.get(node.id) ?? [],
            change,
            ...numbersOf(node, own, seconds),
          },
        ];
      }),
    ),
    edges: new Map(edges.map((edge) => [edge.id, pictureEdge(edge, seconds, marks.get(edge.id) ?? null)])),
    boxes,
    seconds,
    notice,
    isCompared: diff !== null,
    cardOf,
  };
}

function pictureEdge(edge: MapEdge, seconds: number, mark: EdgeMark | null): PictureEdge {
  const label = edgeLabel(edge, seconds);
  const words = { new: `new · ${edgeVolume(edge, seconds)}`, gone: 'gone', changed: mark?.words ?? '' };
  return {
    edge,
    state: edgeState(edge),
    width: edgeWidth(edge, seconds),
    label: mark === null ? label : words[mark.change],
    mark,
  };
}

type Changes = Pick<DiffResponse, 'edges' | 'nodes'>;
const noChanges: Changes = { edges: [], nodes: [] };

/** A live map can be a few seconds ahead of the comparison: what has come back is not gone. */
function stillTrue(diff: DiffResponse, response: MapResponse): Changes {
  const edges = new Set(response.edges.map(({ id }) => id));
  const nodes = new Set(response.nodes.map(({ id }) => id));
  return {
    edges: diff.edges.filter(({ change, id }) => change !== 'gone' || !edges.has(id)),
    nodes: diff.nodes.filter(({ change, node }) => change !== 'gone' || !nodes.has(node.id)),
  };
}

/** The map with what it no longer has. */
function withGone(response: MapResponse, changes: Changes): Pick<MapResponse, 'nodes' | 'edges'> {
  const gone = changes.edges.flatMap((change) => change.gone ?? []);
  if (gone.length === 0) return response;
  const nodes = new Map(changes.nodes.filter(({ change }) => change === 'gone').map(({ node }) => [node.id, node]));
  for (const id of gone.flatMap(({ source, destination }) => [source, destination])) {
    const node = nodeOfId(id);
    if (node !== null && !nodes.has(id)) nodes.set(id, node);
  }
  for (const node of response.nodes) nodes.set(node.id, node);
  return { nodes: [...nodes.values()], edges: [...response.edges, ...gone] };
}

const cardsOf = (members: ReadonlyMap<string, readonly MapNode[]>): [string, string][] =>
  [...members].flatMap(([card, nodes]) => nodes.map(({ id }): [string, string] => [id, card]));

/** Names the box of each node, and notes in `boxes` what is written on it. */
function boxNames(nodes: readonly MapNode[], boxes: Map<string, string>): (node: MapNode) => string | null {
  const clusters = new Set(nodes.map((node) => node.cluster));
  return (node) => {
    if (isOutside(node) || node.kind === 'Namespace') return null;
    if (node.namespace === '' && !hostKinds.includes(node.kind)) return null;
    const id = `${node.cluster}/${node.namespace}`;
    const name = node.namespace === '' ? 'this host' : node.namespace;
    boxes.set(id, clusters.size > 1 ? `${node.cluster} / ${name}` : name);
    return id;
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
