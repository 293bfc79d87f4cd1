/**
 * What is different between two ranges: edges and drops that are new, gone, or changed beyond a threshold. Counts are
 * compared as rates, so that the ranges may differ in length. Whether an edge is new cannot be told where the other
 * range's answer was cut: such edges are counted apart, never guessed.
 */
import type { DiffResponse, DropGroup, EdgeChange, DropChange, MapEdge, MapNode, Measure } from '../model/api.ts';
import { measures } from '../model/api.ts';
import type { Range } from '../db/queries/range.ts';

export interface Side<T> {
  readonly range: Range;
  readonly items: readonly T[];
  readonly truncated: boolean;
}

export interface Threshold {
  /** A rate that grew or shrank by this factor has changed. */
  readonly factor: number;
  /** Fewer events than this, in both ranges, are no change. */
  readonly least: number;
}

export interface Compared<C> {
  readonly changes: readonly C[];
  /** Items of one range that the other's cut answer may have held. */
  readonly uncertain: number;
}

type Pair<T> =
  | { readonly change: 'new'; readonly before: null; readonly after: T }
  | { readonly change: 'gone'; readonly before: T; readonly after: null }
  | { readonly change: 'both'; readonly before: T; readonly after: T };

function paired<T>(before: Side<T>, after: Side<T>, keyOf: (item: T) => string): Compared<Pair<T>> {
  const earlier = new Map(before.items.map((item) => [keyOf(item), item]));
  const later = new Set(after.items.map(keyOf));
  const changes: Pair<T>[] = [];
  let uncertain = 0;
  for (const item of after.items) {
    const same = earlier.get(keyOf(item));
    if (same !== undefined) changes.push({ change: 'both', before: same, after: item });
    else if (before.truncated) uncertain += 1;
    else changes.push({ change: 'new', before: null, after: item });
  }
  for (const item of before.items) {
    if (later.has(keyOf(item))) continue;
    if (after.truncated) uncertain += 1;
    else changes.push({ change: 'gone', before: item, after: null });
  }
  return { changes, uncertain };
}

function measured(edge: MapEdge): Readonly<Record<Measure, number>> {
  const { connections, requests, errors, drops, bytesToDestination, bytesToSource } = edge;
  return { connections, requests, errors, drops, bytes: Number(bytesToDestination) + Number(bytesToSource) };
}

/** A thousand bytes weigh as much as one event. */
const bytesPerEvent = 1000;

const seconds = ({ fromMs, toMs }: Range): number => (toMs - fromMs) / 1000;

/** How many times the rate it became; null from nothing, and undefined where it has not changed. */
function factorOf(
  before: { readonly count: number; readonly range: Range },
  after: { readonly count: number; readonly range: Range },
  { factor, least }: Threshold,
): number | null | undefined {
  if (Math.max(before.count, after.count) < least) return undefined;
  if (before.count === 0) return null;
  const ratio = after.count / seconds(after.range) / (before.count / seconds(before.range));
  return ratio >= factor || ratio <= 1 / factor ? Number(ratio.toPrecision(3)) : undefined;
}

const ranks = { new: 0, gone: 1, changed: 2 } as const;

/** New ones first, then those that are gone; the busiest of each first. */
function inOrder<C extends { readonly change: keyof typeof ranks }>(
  changes: readonly C[],
  weight: (c: C) => number,
): C[] {
  return [...changes].sort((a, b) => ranks[a.change] - ranks[b.change] || weight(b) - weight(a));
}

export function compareEdges(before: Side<MapEdge>, after: Side<MapEdge>, threshold: Threshold): Compared<EdgeChange> {
  const pairs = paired(before, after, ({ id }) => id);
  const changes = pairs.changes.flatMap((pair): EdgeChange[] => {
    const { id, source, destination } = pair.after ?? pair.before;
    const sides = {
      before: pair.before === null ? null : measured(pair.before),
      after: pair.after === null ? null : measured(pair.after),
      gone: pair.change === 'gone' ? pair.before : null,
    };
    if (pair.change !== 'both') return [{ change: pair.change, id, source, destination, ...sides, factors: [] }];
    const factors = measures.flatMap((measure) => {
      const factor = factorOf(
        { count: sides.before?.[measure] ?? 0, range: before.range },
        { count: sides.after?.[measure] ?? 0, range: after.range },
        measure === 'bytes' ? { ...threshold, least: threshold.least * bytesPerEvent } : threshold,
      );
      return factor === undefined ? [] : [{ measure, factor }];
    });
    return factors.length === 0 ? [] : [{ change: 'changed', id, source, destination, ...sides, factors }];
  });
  const weight = ({ before: from, after: to }: EdgeChange): number => Math.max(from?.bytes ?? 0, to?.bytes ?? 0);
  return { changes: inOrder(changes, weight), uncertain: pairs.uncertain };
}

export function compareDrops(
  before: Side<DropGroup>,
  after: Side<DropGroup>,
  threshold: Threshold,
): Compared<DropChange> {
  const keyOf = (group: DropGroup): string =>
    JSON.stringify([group.reason, group.location, group.protocol, group.port, group.source.id, group.destination.id]);
  const pairs = paired(before, after, keyOf);
  const changes = pairs.changes.flatMap((pair): DropChange[] => {
    const { reason, location, protocol, port, source, destination } = pair.after ?? pair.before;
    const counts = { packetsBefore: pair.before?.packets ?? 0, packetsAfter: pair.after?.packets ?? 0 };
    const known = { reason, location, protocol, port, source, destination, ...counts };
    if (pair.change !== 'both') return [{ change: pair.change, ...known, factor: null }];
    const factor = factorOf(
      { count: counts.packetsBefore, range: before.range },
      { count: counts.packetsAfter, range: after.range },
      threshold,
    );
    return factor === undefined ? [] : [{ change: 'changed', ...known, factor }];
  });
  const weight = ({ packetsBefore, packetsAfter }: DropChange): number => Math.max(packetsBefore, packetsAfter);
  return { changes: inOrder(changes, weight), uncertain: pairs.uncertain };
}

/** Nodes that only one of the maps has. */
export function compareNodes(before: Side<MapNode>, after: Side<MapNode>): DiffResponse['nodes'] {
  return paired(before, after, ({ id }) => id).changes.flatMap((pair): DiffResponse['nodes'] =>
    pair.change === 'both' ? [] : [{ change: pair.change, node: pair.after ?? pair.before }],
  );
}
