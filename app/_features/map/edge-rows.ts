/** The edges as rows of a list: found by the names of their ends, ranked by what the reader asks for. */
import { nodeOfId } from './node-id.ts';
import { bytesOf, failedShare } from './edge-facts.ts';
import type { Picture, PictureEdge } from './picture.ts';

export const edgeOrders = ['worst', 'requests', 'latency', 'errors', 'drops', 'bytes'] as const;
export type EdgeOrder = (typeof edgeOrders)[number];

export interface EdgeRow {
  readonly item: PictureEdge;
  readonly from: string;
  readonly to: string;
}

/** Names as people say them: production/api. */
export function spokenName(id: string): string {
  const node = nodeOfId(id);
  if (node === null) return id;
  return node.namespace === '' || node.kind === 'Namespace' ? node.name : `${node.namespace}/${node.name}`;
}

/** Every word has to be in one name or the other. */
export function findEdges(picture: Picture, typed: string): readonly EdgeRow[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return [...picture.edges.values()]
    .map((item) => ({ item, from: spokenName(item.edge.source), to: spokenName(item.edge.destination) }))
    .filter(({ from, to }) => words.every((word) => `${from} ${to}`.toLowerCase().includes(word)));
}

const measures: Readonly<Record<Exclude<EdgeOrder, 'worst'>, (item: PictureEdge) => number>> = {
  requests: ({ edge }) => edge.requests,
  latency: ({ edge }) => edge.latencyMs?.p95 ?? -1,
  errors: ({ edge }) => edge.errors,
  drops: ({ edge }) => edge.drops,
  bytes: ({ edge }) => bytesOf(edge),
};

/** Worst: what drops, then what changed when compared, then what fails, then the busiest. */
function worse(a: PictureEdge, b: PictureEdge): number {
  return (
    b.edge.drops - a.edge.drops ||
    Number(b.mark !== null) - Number(a.mark !== null) ||
    failedShare(b.edge) - failedShare(a.edge) ||
    bytesOf(b.edge) - bytesOf(a.edge)
  );
}

export function sortEdges(rows: readonly EdgeRow[], order: EdgeOrder): readonly EdgeRow[] {
  const byMeasure = order === 'worst' ? null : measures[order];
  return [...rows].sort(
    (a, b) =>
      (byMeasure === null ? worse(a.item, b.item) : byMeasure(b.item) - byMeasure(a.item)) ||
      (a.item.edge.id < b.item.edge.id ? -1 : 1),
  );
}
