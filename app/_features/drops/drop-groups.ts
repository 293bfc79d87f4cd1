/**
 * Problems instead of packets: what was dropped, by reason, pair of ends and port, and what failed to connect, by result
 * and pair of ends. A group that the stretch before did not have is new; where that stretch was cut, nobody knows.
 */
import type { DropGroup, DropsResponse, Flow } from '../../../model/api.ts';
import { connectWords } from './connect-words.ts';

export interface ProblemGroup {
  readonly id: string;
  readonly kind: 'drop' | 'connect';
  /** The drop reason, or how connecting ended. */
  readonly reason: string;
  readonly location: string;
  readonly source: DropGroup['source'];
  readonly destination: DropGroup['destination'];
  /** An address of the destination; empty when none is known. */
  readonly address: string;
  readonly ports: readonly number[];
  /** Packets dropped, or connections that failed. */
  readonly count: number;
  /** The same in the stretch before; null when that is not known. */
  readonly before: number | null;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Packets in each bucket of the range; empty where that is not counted. */
  readonly trend: readonly number[];
}

export interface DropsPart {
  readonly groups: readonly DropGroup[];
  /** There were more groups than these. */
  readonly isCut: boolean;
}

export const dropsPart = ({ groups, evidence }: DropsResponse): DropsPart => ({ groups, isCut: evidence.truncated });

/** `before` is null while it is not known. */
export function dropGroups(now: DropsPart, before: DropsPart | null): ProblemGroup[] {
  const counted = new Map<string, number>();
  for (const group of before?.groups ?? []) {
    const id = dropId(group);
    counted.set(id, (counted.get(id) ?? 0) + group.packets);
  }
  const unseen = before === null || before.isCut ? null : 0;
  const groups = new Map<string, ProblemGroup>();
  for (const group of now.groups) {
    const id = dropId(group);
    const known = groups.get(id);
    const { location } = group;
    const places = known === undefined || known.location === '' ? [] : known.location.split(', ');
    groups.set(id, {
      id,
      kind: 'drop',
      reason: group.reason,
      location: places.includes(location) || location === '' ? places.join(', ') : [...places, location].join(', '),
      source: group.source,
      destination: group.destination,
      address: group.destination.kind === 'address' ? group.destination.name : '',
      ports: group.port > 0 ? [group.port] : [],
      count: (known?.count ?? 0) + group.packets,
      before: counted.get(id) ?? unseen,
      firstMs: Math.min(known?.firstMs ?? Infinity, group.firstMs),
      lastMs: Math.max(known?.lastMs ?? 0, group.lastMs),
      trend: group.trend.map((packets, bucket) => packets + (known?.trend[bucket] ?? 0)),
    });
  }
  return sortProblems([...groups.values()], 'worst');
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
      address: flow.to.ip,
      ports: [...new Set([...(known?.ports ?? []), flow.to.port])],
      count: (known?.count ?? 0) + Math.max(1, flow.connections),
      before: null,
      firstMs: Math.min(known?.firstMs ?? Infinity, atMs),
      lastMs: Math.max(known?.lastMs ?? 0, atMs),
      trend: [],
    });
  }
  return sortProblems([...groups.values()], 'worst');
}

export const problemOrders = ['worst', 'latest', 'newest'] as const;
export type ProblemOrder = (typeof problemOrders)[number];

const comparisons: Readonly<Record<ProblemOrder, (a: ProblemGroup, b: ProblemGroup) => number>> = {
  worst: (a, b) => Number(isNew(b)) - Number(isNew(a)) || b.count - a.count,
  latest: (a, b) => b.lastMs - a.lastMs,
  newest: (a, b) => b.firstMs - a.firstMs,
};

export function sortProblems(groups: readonly ProblemGroup[], order: ProblemOrder): ProblemGroup[] {
  return [...groups].sort((a, b) => comparisons[order](a, b) || (a.id < b.id ? -1 : 1));
}

export const isNew = ({ before }: ProblemGroup): boolean => before === 0;

const dropId = ({ reason, port, source, destination }: DropGroup): string =>
  groupId('drop', `${reason} ${port}`, { source: source.id, destination: destination.id });

const groupId = (kind: string, reason: string, ends: { source: string; destination: string }): string =>
  `${kind} ${reason} ${ends.source}~>${ends.destination}`;

function nodeOf(flow: Flow, side: 'from' | 'to'): DropGroup['source'] {
  const end = flow[side];
  const [cluster = flow.cluster, namespace = end.namespace, kind = end.workloadKind, ...name] = end.node.split('/');
  return { id: end.node, cluster, namespace, kind, name: name.join('/') };
}
