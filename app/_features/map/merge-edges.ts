/** Adds up the edges of nodes that are drawn as one card. */
import type { MapEdge } from '../../../model/api.ts';

/** `foldOf` names the card of every node that has none of its own. */
export function mergeEdges(edges: readonly MapEdge[], foldOf: ReadonlyMap<string, string>): MapEdge[] {
  const merged = new Map<string, MapEdge>();
  for (const edge of edges) {
    const source = foldOf.get(edge.source) ?? edge.source;
    const destination = foldOf.get(edge.destination) ?? edge.destination;
    const key = `${source}>${destination}`;
    const known = merged.get(key);
    const isSame = source === edge.source && destination === edge.destination;
    const moved = isSame ? edge : { ...edge, id: key, source, destination };
    merged.set(key, known === undefined ? moved : addEdges(known, moved));
  }
  return [...merged.values()];
}

const addBytes = (a: string, b: string): string => String(BigInt(a) + BigInt(b));

/** Latency percentiles cannot be added; a merged edge has none unless only one side knew any. */
function addEdges(a: MapEdge, b: MapEdge): MapEdge {
  const statuses = new Map<string, number>();
  for (const { status, count } of [...a.statuses, ...b.statuses])
    statuses.set(status, (statuses.get(status) ?? 0) + count);
  const protocols = new Map([...a.protocols, ...b.protocols].map((p) => [`${p.l4}/${p.port}/${p.l7}`, p]));
  return {
    ...a,
    protocols: [...protocols.values()].slice(0, 8),
    connections: a.connections + b.connections,
    bytesToDestination: addBytes(a.bytesToDestination, b.bytesToDestination),
    bytesToSource: addBytes(a.bytesToSource, b.bytesToSource),
    packets: a.packets + b.packets,
    requests: a.requests + b.requests,
    unanswered: a.unanswered + b.unanswered,
    errors: a.errors + b.errors,
    statuses: [...statuses].map(([status, count]) => ({ status, count })).sort((x, y) => y.count - x.count),
    latencyMs: b.latencyMs === null ? a.latencyMs : a.latencyMs === null ? b.latencyMs : null,
    drops: a.drops + b.drops,
    dropReasons: [...a.dropReasons, ...b.dropReasons],
    retransmits: a.retransmits + b.retransmits,
    firstMs: Math.min(a.firstMs, b.firstMs),
    lastMs: Math.max(a.lastMs, b.lastMs),
  };
}
