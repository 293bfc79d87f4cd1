/** The service map: nodes and edges of a time range under a filter. */
import type { MapEdge, MapNode } from '../../model/api.ts';
import { nodeId } from '../../model/node-id.ts';
import type { StoreClient } from '../client.ts';
import { buildPods, podRowSchema } from './endpoints.ts';
import { quantilesMs } from './latency.ts';
import { buildMap, mapRowSchema, mostEdges, piecesOfMap, type MapInput, type MapRow } from './map-sql.ts';
import { resolutionOf, type Resolution } from './resolution.ts';
import { addRead, runQuery, type Read } from './run.ts';

/** How much of what there is an answer shows. */
interface Share {
  readonly shown: number;
  readonly total: number;
}

export interface MapAnswer {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** More edges or nodes were there than the limits allow; those with drops and the busiest are kept. */
  readonly truncated: boolean;
  readonly budget: { readonly nodes: Share; readonly edges: Share; readonly bytes: Share; readonly drops: Share };
  readonly resolution: Resolution;
  readonly read: Read;
}

const defaultNodes = 300;
const listed = 8;

export async function queryMap(client: StoreClient, input: MapInput, signal: AbortSignal): Promise<MapAnswer> {
  const limit = Math.min(input.limit, mostEdges);
  const { rows, read } = await runQuery(client, buildMap({ ...input, limit }), mapRowSchema, signal);
  const { nodes, edges, truncated, budget } = assembleMap(rows, Math.max(defaultNodes, Math.ceil(limit / 5)));
  const pods = await queryPods(client, [...new Set(nodes.flatMap(({ endpoints }) => endpoints))], signal);
  return {
    nodes: nodes.map(({ endpoints, ...node }) => ({ ...node, pods: podsOf(endpoints, pods.names) })),
    edges,
    truncated,
    budget,
    resolution: resolutionOf(piecesOfMap(input)),
    read: addRead(read, pods.read),
  };
}

/** A node whose pods are still the ids of its endpoints. */
type SeenNode = Omit<MapNode, 'pods'> & { readonly endpoints: readonly string[] };

async function queryPods(
  client: StoreClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly names: ReadonlyMap<string, string>; readonly read: Read }> {
  if (ids.length === 0) return { names: new Map(), read: { rows: 0, bytes: '0' } };
  const { rows, read } = await runQuery(client, buildPods(ids), podRowSchema, signal);
  return { names: new Map(rows.map(({ id, pod }) => [id, pod])), read };
}

function podsOf(endpoints: readonly string[], names: ReadonlyMap<string, string>): string[] {
  const pods = endpoints.map((id) => names.get(id) ?? '').filter((pod) => pod !== '');
  return [...new Set(pods)].sort();
}

/** `rows` are in order of importance. Edges with drops stay; others only while their nodes fit. */
export function assembleMap(
  rows: readonly MapRow[],
  mostNodes: number,
): Pick<MapAnswer, 'edges' | 'truncated' | 'budget'> & { readonly nodes: readonly SeenNode[] } {
  const nodes = new Map<string, SeenNode>();
  const edges: MapEdge[] = [];
  let [bytes, drops] = [0, 0];
  for (const row of rows) {
    const ends = [endOf(row, 'from'), endOf(row, 'to')] as const;
    const unknown = new Set(ends.map(({ id }) => id).filter((id) => !nodes.has(id)));
    if (row.drops === '0' && nodes.size + unknown.size > mostNodes) continue;
    for (const end of ends) nodes.set(end.id, withSeen(nodes.get(end.id), end));
    edges.push(edgeOf(row, ends[0].id, ends[1].id));
    bytes += Number(row.counts[1]) + Number(row.counts[2]);
    drops += Number(row.drops);
  }
  const [allEdges, allBytes, allDrops, allNodes] = (rows[0]?.totals ?? ['0', '0', '0', '0']).map(Number);
  return {
    nodes: [...nodes.values()],
    edges,
    truncated: edges.length < (allEdges ?? 0),
    budget: {
      nodes: { shown: nodes.size, total: allNodes ?? 0 },
      edges: { shown: edges.length, total: allEdges ?? 0 },
      bytes: { shown: bytes, total: allBytes ?? 0 },
      drops: { shown: drops, total: allDrops ?? 0 },
    },
  };
}

function endOf(row: MapRow, end: 'from' | 'to'): SeenNode {
  const { cluster } = row;
  const [namespace, kind, name] = [row[`${end}_namespace`], row[`${end}_kind`], row[`${end}_name`]];
  return {
    id: nodeId(cluster, namespace, kind, name),
    cluster,
    namespace,
    kind,
    name,
    addresses: row[`${end}_ips`].map((ip) => ip.replace(/^::ffff:(?=\d+\.)/, '')),
    endpoints: row[`${end}_endpoints`],
  };
}

function withSeen(known: SeenNode | undefined, seen: SeenNode): SeenNode {
  const merge = (left: readonly string[], right: readonly string[]): string[] =>
    [...new Set([...left, ...right])].sort().slice(0, listed);
  return {
    ...seen,
    addresses: merge(known?.addresses ?? [], seen.addresses),
    endpoints: merge(known?.endpoints ?? [], seen.endpoints),
  };
}

function edgeOf(row: MapRow, source: string, destination: string): MapEdge {
  const [connections, bytesTo, bytesFrom, packets, retransmits] = row.counts;
  const [requests, unanswered, errors, latency, statuses] = row.exchanges;
  return {
    id: `${source}>${destination}`,
    source,
    destination,
    protocols: protocolsOf(row),
    connections: Number(connections),
    bytesToDestination: bytesTo,
    bytesToSource: bytesFrom,
    packets: Number(packets),
    requests: Number(requests),
    unanswered: Number(unanswered),
    errors: Number(errors),
    statuses: counted(statuses).map(([status, count]) => ({ status, count })),
    latencyMs: quantilesMs(latency),
    drops: Number(row.drops),
    dropReasons: counted(row.reasons).map(([cause, packets]) => {
      const [reason = '', location = ''] = cause.split('\n');
      return { reason, location, packets };
    }),
    retransmits: Number(retransmits),
    firstMs: Number(row.first_ms),
    lastMs: Number(row.last_ms),
  };
}

/** Busiest first; a port that speaks a known protocol is listed with it only. */
function protocolsOf({ ports, l7_ports }: MapRow): MapEdge['protocols'] {
  return ports
    .flatMap(([l4, port]) => {
      const spoken = l7_ports.filter((entry) => entry[0] === l4 && entry[1] === port);
      return spoken.length === 0 ? [{ l4, port, l7: '' }] : spoken.map(([, , l7]) => ({ l4, port, l7 }));
    })
    .slice(0, listed);
}

function counted<K>([keys, counts]: readonly [readonly K[], readonly string[]]): [K, number][] {
  return keys.map((key, i): [K, number] => [key, Number(counts[i] ?? 0)]).sort(([, a], [, b]) => b - a);
}
