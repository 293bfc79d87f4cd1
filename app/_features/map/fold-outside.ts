/**
 * When many things stand outside, names of one registrable domain and bare addresses are each drawn as one card. What
 * loses packets keeps its own, and so does what changed when the map is compared.
 */
import type { MapEdge, MapNode } from '../../../model/api.ts';
import { mergeEdges } from './merge-edges.ts';
import { isOutside } from './node-id.ts';

export interface Folded {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** What each folded card stands for. */
  readonly members: ReadonlyMap<string, readonly MapNode[]>;
}

const roomOutside = 16;
const fewest = 3;

/** `changed` holds the ids of edges that are worth a card of their own. */
export function foldOutside(
  nodes: readonly MapNode[],
  edges: readonly MapEdge[],
  changed: ReadonlySet<string> = new Set(),
): Folded {
  const outside = nodes.filter(isOutside);
  if (outside.length <= roomOutside) return { nodes, edges, members: new Map() };
  const notable = new Set(
    edges.filter((edge) => edge.drops > 0 || changed.has(edge.id)).flatMap((edge) => [edge.source, edge.destination]),
  );
  const groups = new Map<string, MapNode[]>();
  for (const node of outside) {
    if (notable.has(node.id)) continue;
    const key = foldId(node, edges);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const members = new Map([...groups].filter(([, group]) => group.length >= fewest));
  const foldOf = new Map([...members].flatMap(([id, group]) => group.map((node) => [node.id, id] as const)));
  const kept = nodes.filter((node) => !foldOf.has(node.id));
  const folds = [...members].map(([id, group]) => foldNode(id, group));
  return { nodes: [...kept, ...folds], edges: mergeEdges(edges, foldOf), members };
}

/** Callers and called stay apart: one stands at the left, the other at the right. */
function foldId(node: MapNode, edges: readonly MapEdge[]): string {
  if (node.kind === 'name') return `${node.cluster}//domain/${registrableDomain(node.name)}`;
  const isCalled = edges.some((edge) => edge.destination === node.id);
  return `${node.cluster}//addresses/${isCalled ? 'called' : 'calling'}`;
}

function foldNode(id: string, group: readonly MapNode[]): MapNode {
  const [cluster = '', , kind = '', name = ''] = id.split('/');
  const shown = kind === 'domain' ? `*.${name}` : `${group.length} addresses`;
  return {
    id,
    cluster,
    namespace: '',
    kind,
    name: shown,
    addresses: group.flatMap((n) => n.addresses).slice(0, 8),
    pods: [],
  };
}

const publicSecondLevels = new Set(['co', 'com', 'net', 'org', 'gov', 'edu', 'ac', 'or', 'ne']);

/** The last two labels, or three under things like `co.uk`; the full public suffix list is not worth its size here. */
export function registrableDomain(name: string): string {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.');
  const [second, last] = labels.slice(-2);
  const isSplit = labels.length > 2 && last?.length === 2 && second !== undefined && publicSecondLevels.has(second);
  return labels.slice(isSplit ? -3 : -2).join('.');
}
