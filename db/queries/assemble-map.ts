/** Makes the map of what the store answered: which edges fit, what their nodes are called, and what was seen of both. */
import { z } from 'zod';
import type { MapEdge, MapNode } from '../../model/api.ts';
import { nodeId } from '../../model/node-id.ts';
import { quantilesMs } from './latency.ts';
import type { EdgeRow, EndsRow, OutcomeRow, workloadRowSchema } from './map-sql.ts';

/** How much of what there is an answer shows. */
interface Share {
  readonly shown: number;
  readonly total: number;
}
export interface Budget {
  readonly nodes: Share;
  readonly edges: Share;
  readonly bytes: Share;
  readonly drops: Share;
}

type WorkloadRow = z.infer<typeof workloadRowSchema>;

/** A node whose pods are still the ids of its endpoints. */
type SeenNode = Omit<MapNode, 'pods'> & { readonly endpoints: readonly string[] };

const listed = 8;

/** `rows` are in order of importance. Edges with drops stay; others only while their nodes fit. */
export function chooseEdges(rows: readonly EdgeRow[], mostNodes: number): readonly EdgeRow[] {
  const nodes = new Set<string>();
  return rows.filter((row) => {
    const ends = keysOf(row);
    const unknown = ends.filter((key) => !nodes.has(key)).length - (ends[0] === ends[1] ? 1 : 0);
    if (row.drops === '0' && nodes.size + Math.max(0, unknown) > mostNodes) return false;
    for (const key of ends) nodes.add(key);
    return true;
  });
}

/** Keys are unique in their cluster. */
function keysOf({ cluster, from_key, to_key }: EdgeRow): readonly [string, string] {
  return [`${cluster}\n${from_key}`, `${cluster}\n${to_key}`];
}

export function budgetOf(all: readonly EdgeRow[], chosen: readonly EdgeRow[]): Budget {
  const [edges, bytes, drops, nodes] = (all[0]?.totals ?? ['0', '0', '0', '0']).map(Number);
  const sum = (of: (row: EdgeRow) => number): number => chosen.reduce((total, row) => total + of(row), 0);
  return {
    nodes: { shown: new Set(chosen.flatMap(keysOf)).size, total: nodes ?? 0 },
    edges: { shown: chosen.length, total: edges ?? 0 },
    bytes: { shown: sum(({ counts }) => Number(counts[1]) + Number(counts[2])), total: bytes ?? 0 },
    drops: { shown: sum((row) => Number(row.drops)), total: drops ?? 0 },
  };
}

export function assembleMap(
  chosen: readonly EdgeRow[],
  outcomes: readonly OutcomeRow[],
  ends: readonly EndsRow[],
  workloads: readonly WorkloadRow[],
): { readonly nodes: readonly SeenNode[]; readonly edges: readonly MapEdge[] } {
  const names = new Map(workloads.map((workload) => [workload.id, workload]));
  const outcomesOf = byPair(outcomes);
  const endsOf = byPair(ends);
  const nodes = new Map<string, SeenNode>();
  const edges = chosen.map((row): MapEdge => {
    const seen = seenOf(endsOf.get(row.pair) ?? []);
    const from = nodeOf(row.cluster, row.from_key, names, seen.from);
    const to = nodeOf(row.cluster, row.to_key, names, seen.to);
    for (const node of [from, to]) nodes.set(node.id, withSeen(nodes.get(node.id), node));
    return edgeOf(row, outcomesOf.get(row.pair) ?? [], seen.protocols, from.id, to.id);
  });
  return { nodes: [...nodes.values()], edges };
}

function byPair<T extends { readonly pair: string }>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const others = found.get(row.pair);
    if (others === undefined) found.set(row.pair, [row]);
    else others.push(row);
  }
  return found;
}

interface Seen {
  readonly ips: readonly string[];
  readonly endpoints: readonly string[];
}

const firstOf = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort().slice(0, listed);

/** What all accounts of an edge saw. */
function seenOf(ends: readonly EndsRow[]): { from: Seen; to: Seen; protocols: MapEdge['protocols'] } {
  const ips = (of: (row: EndsRow) => readonly string[]): readonly string[] =>
    firstOf(ends.flatMap(of).map((ip) => ip.replace(/^::ffff:(?=\d+\.)/, '')));
  return {
    from: { ips: ips((row) => row.from_ips), endpoints: firstOf(ends.flatMap((row) => row.from_endpoints)) },
    to: { ips: ips((row) => row.to_ips), endpoints: firstOf(ends.flatMap((row) => row.to_endpoints)) },
    protocols: protocolsOf(ends),
  };
}

/** An end that did not reach the store is shown by its address. */
function nodeOf(cluster: string, key: string, names: ReadonlyMap<string, WorkloadRow>, seen: Seen): SeenNode {
  const known = names.get(key);
  const isNamed = !/^\d+$/.test(key);
  const [namespace = '', kind = '', ...rest] = isNamed ? key.split('/') : [];
  const node = isNamed
    ? { namespace, kind, name: rest.join('/') }
    : (known ?? { namespace: '', kind: 'address', name: seen.ips[0] ?? key });
  return {
    id: nodeId(cluster, node.namespace, node.kind, node.name),
    cluster,
    namespace: node.namespace,
    kind: node.kind,
    name: node.name,
    addresses: [...seen.ips],
    endpoints: seen.endpoints,
  };
}

function withSeen(known: SeenNode | undefined, seen: SeenNode): SeenNode {
  if (known === undefined) return seen;
  return {
    ...seen,
    addresses: [...firstOf([...known.addresses, ...seen.addresses])],
    endpoints: firstOf([...known.endpoints, ...seen.endpoints]),
  };
}

function edgeOf(
  row: EdgeRow,
  outcomes: readonly OutcomeRow[],
  protocols: MapEdge['protocols'],
  source: string,
  destination: string,
): MapEdge {
  const [connections, bytesTo, bytesFrom, packets, retransmits] = row.counts;
  const [requests, unanswered, errors, reporter] = row.exchanges;
  const answers = outcomes.find((outcome) => outcome.reporter === reporter);
  return {
    id: `${source}>${destination}`,
    source,
    destination,
    protocols,
    connections: Number(connections),
    bytesToDestination: bytesTo,
    bytesToSource: bytesFrom,
    packets: Number(packets),
    requests: Number(requests),
    unanswered: Number(unanswered),
    errors: Number(errors),
    statuses: counted(answers === undefined ? [] : [answers.statuses]).map(([status, count]) => ({ status, count })),
    latencyMs: answers === undefined ? null : quantilesMs(answers.latency),
    drops: Number(row.drops),
    dropReasons: counted(outcomes.map(({ reasons }) => reasons)).map(([cause, packets]) => {
      const [reason = '', location = ''] = cause.split('\n');
      return { reason, location, packets };
    }),
    retransmits: Number(retransmits),
    firstMs: Number(row.first_ms),
    lastMs: Number(row.last_ms),
  };
}

/** Busiest first; a port that speaks a known protocol is listed with it only. */
function protocolsOf(ends: readonly EndsRow[]): MapEdge['protocols'] {
  const found = new Map<string, MapEdge['protocols'][number]>();
  for (const [l4, port] of ends.flatMap(({ ports }) => ports)) {
    const spoken = ends.flatMap((row) => row.l7_ports).filter((entry) => entry[0] === l4 && entry[1] === port);
    const entries = spoken.length === 0 ? [{ l4, port, l7: '' }] : spoken.map(([, , l7]) => ({ l4, port, l7 }));
    for (const entry of entries) found.set(Object.values(entry).join(' '), entry);
  }
  return [...found.values()].slice(0, listed);
}

/** What several accounts counted, added up, most first. */
function counted<K>(counts: readonly (readonly [readonly K[], readonly string[]])[]): readonly [K, number][] {
  const sums = new Map<K, number>();
  for (const [keys, values] of counts) {
    keys.forEach((key, i) => sums.set(key, (sums.get(key) ?? 0) + Number(values[i] ?? 0)));
  }
  return [...sums].sort(([, a], [, b]) => b - a);
}
