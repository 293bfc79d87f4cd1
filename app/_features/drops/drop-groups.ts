/**
 * Problems instead of packets: what was dropped, by reason and pair of ends, and what failed to connect, by result and
 * pair of ends. A group that the stretch before did not have is new.
 */
import type { Flow, MapEdge, MapNode } from '../../../model/api.ts';
import { connectWords } from './connect-words.ts';

export interface ProblemGroup {
  readonly id: string;
  readonly kind: 'drop' | 'connect';
  /** The drop reason, or how connecting ended. */
  readonly reason: string;
  readonly location: string;
  readonly source: MapNode;
  readonly destination: MapNode;
  readonly ports: readonly number[];
  /** Packets dropped, or connections that failed. */
  readonly count: number;
  /** The same in the stretch before; null when that is not known. */
  readonly before: number | null;
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface MapPart {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
}

/** `now` and `before` are maps of dropped traffic alone. `before` is null while it is not known. */
export function dropGroups(now: MapPart, before: MapPart | null): ProblemGroup[] {
  const nodes = new Map(now.nodes.map((node) => [node.id, node]));
  const counted = new Map<string, number>();
  for (const edge of before?.edges ?? []) {
    for (const { reason, packets } of edge.dropReasons) {
      const id = groupId('drop', reason, edge);
      counted.set(id, (counted.get(id) ?? 0) + packets);
    }
  }
  const groups = new Map<string, ProblemGroup>();
  for (const edge of now.edges) {
    const source = nodes.get(edge.source);
    const destination = nodes.get(edge.destination);
    if (source === undefined || destination === undefined) continue;
    for (const { reason, location, packets } of edge.dropReasons) {
      const id = groupId('drop', reason, edge);
      const known = groups.get(id);
      groups.set(id, {
        id,
        kind: 'drop',
        reason,
        location: known === undefined || known.location === location ? location : `${known.location}, ${location}`,
        source,
        destination,
        ports: [...new Set(edge.protocols.map(({ port }) => port).filter((port) => port > 0))],
        count: (known?.count ?? 0) + packets,
        before: before === null ? null : (counted.get(id) ?? 0),
        firstMs: edge.firstMs,
        lastMs: edge.lastMs,
      });
    }
  }
  return worstFirst([...groups.values()]);
}

/** `flows` are rows whose connect result is a failure. */
export function connectGroups(flows: readonly Flow[], timeOf: (flow: Flow) => number): ProblemGroup[] {
  const groups = new Map<string, ProblemGroup>();
  for (const flow of flows) {
    if (connectWords(flow.connectResult) === null) continue;
    const id = groupId('connect', flow.connectResult, { source: flow.from.node, destination: flow.to.node });
    const known = groups.get(id);
    const atMs = timeOf(flow);
    groups.set(id, {
      id,
      kind: 'connect',
      reason: flow.connectResult,
      location: flow.socketError,
      source: nodeOf(flow, 'from'),
      destination: nodeOf(flow, 'to'),
      ports: [...new Set([...(known?.ports ?? []), flow.to.port])],
      count: (known?.count ?? 0) + Math.max(1, flow.connections),
      before: null,
      firstMs: Math.min(known?.firstMs ?? Infinity, atMs),
      lastMs: Math.max(known?.lastMs ?? 0, atMs),
    });
  }
  return worstFirst([...groups.values()]);
}

const worstFirst = (groups: readonly ProblemGroup[]): ProblemGroup[] =>
  [...groups].sort((a, b) => Number(isNew(b)) - Number(isNew(a)) || b.count - a.count || (a.id < b.id ? -1 : 1));

export const isNew = ({ before }: ProblemGroup): boolean => before === 0;

const groupId = (kind: string, reason: string, ends: { source: string; destination: string }): string =>
  `${kind} ${reason} ${ends.source}~>${ends.destination}`;

function nodeOf(flow: Flow, side: 'from' | 'to'): MapNode {
  const end = flow[side];
  const [cluster = flow.cluster, namespace = end.namespace, kind = end.workloadKind, ...name] = end.node.split('/');
  return { id: end.node, cluster, namespace, kind, name: name.join('/'), addresses: [end.ip], pods: [] };
}
