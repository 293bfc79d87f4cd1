/**
 * What the map's layout is given and what it works on: the same graph with indices instead of ids. Nodes and edges are
 * sorted by id first, so that the order in which the server lists them cannot change the picture.
 */
export interface LayoutNode {
  readonly id: string;
  /** The box this node stands in; null for one that stands free. */
  readonly box: string | null;
  /** Not part of what is watched: it stands at the right, or at the left when it only calls. */
  readonly outside: boolean;
}

export interface LayoutEdge {
  readonly id: string;
  readonly source: string;
  readonly destination: string;
  /** How much the edge resists being drawn backwards; traffic, as a rule. */
  readonly weight: number;
}

export interface IndexedEdge {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

export interface Graph {
  readonly nodes: readonly LayoutNode[];
  readonly edges: readonly IndexedEdge[];
  readonly outgoing: readonly (readonly IndexedEdge[])[];
  readonly incoming: readonly (readonly IndexedEdge[])[];
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Edges to nodes that are not there are left out: an answer cut by a limit may hold some. */
export function indexGraph(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Graph {
  const sorted = [...nodes].sort(byId);
  const indexOf = new Map(sorted.map((node, index) => [node.id, index]));
  const outgoing: IndexedEdge[][] = sorted.map(() => []);
  const incoming: IndexedEdge[][] = sorted.map(() => []);
  const indexed: IndexedEdge[] = [];
  for (const edge of [...edges].sort(byId)) {
    const from = indexOf.get(edge.source);
    const to = indexOf.get(edge.destination);
    if (from === undefined || to === undefined) continue;
    const item = { id: edge.id, from, to, weight: edge.weight };
    indexed.push(item);
    outgoing[from]?.push(item);
    incoming[to]?.push(item);
  }
  return { nodes: sorted, edges: indexed, outgoing, incoming };
}
