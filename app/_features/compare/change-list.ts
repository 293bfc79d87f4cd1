/**
 * What changed as one list, in the order in which someone on call would ask: what is dropped that was not, who talks to
 * whom that did not, what is gone, what grew or shrank most, what is no longer dropped.
 */
import type { DiffResponse, DropChange, EdgeChange, Grouping, Measure } from '../../../model/api.ts';
import { nodeId } from '../../../model/node-id.ts';
import { nodeOfId } from '../map/node-id.ts';
import { formatCompact, formatShare, plural } from '../../_viz/format/quantities.ts';
import { changeWords, factorWords, formatMeasure, isMore, leadingFactor, measureName } from './change-words.ts';
import { greatest, type Change } from './change-marks.ts';

export interface ListedChange {
  readonly id: string;
  readonly change: Change;
  /** Which way a changed one went; null for others. */
  readonly trend: 'more' | 'less' | null;
  readonly source: string;
  readonly destination: string;
  readonly isDrop: boolean;
  readonly title: string;
  readonly detail: string;
}

export interface ChangeSection {
  readonly title: string;
  readonly changes: readonly ListedChange[];
}

export function listChanges(diff: DiffResponse): readonly ChangeSection[] {
  const listedDrop = (drop: DropChange): ListedChange => dropItem(drop, diff.grouping);
  const grown = ({ change, factor }: DropChange): boolean =>
    change === 'new' || (change === 'changed' && (factor ?? 2) > 1);
  const drops = diff.drops.filter(grown);
  const told = new Set(diff.drops.map((drop) => endsKey(drop.source.id, drop.destination.id)));
  const edges = (change: Change): EdgeChange[] => diff.edges.filter((edge) => edge.change === change);
  const changed = edges('changed')
    .map((edge) => (told.has(edge.id) ? withoutDrops(edge) : edge))
    .filter(({ factors }) => factors.length > 0)
    .sort((a, b) => greatest(b.factors) - greatest(a.factors) || weight(b) - weight(a));
  const sections = [
    { title: 'New drops', changes: drops.map(listedDrop) },
    { title: 'New', changes: edges('new').map(listedEdge) },
    { title: 'Gone', changes: edges('gone').map(listedEdge) },
    { title: 'Changed', changes: changed.map(listedEdge) },
    { title: 'Fewer drops', changes: diff.drops.filter((drop) => !grown(drop)).map(listedDrop) },
  ];
  return sections.filter(({ changes }) => changes.length > 0);
}

/** The drops are said with their reason in a section of their own. */
const withoutDrops = (edge: EdgeChange): EdgeChange => ({
  ...edge,
  factors: edge.factors.filter(({ measure }) => measure !== 'drops'),
});

const endsKey = (source: string, destination: string): string => `${source}>${destination}`;
const weight = ({ before, after }: EdgeChange): number => Math.max(before?.bytes ?? 0, after?.bytes ?? 0);
const nameOf = (id: string): string => nodeOfId(id)?.name ?? id;

/** Groups of drops name workloads; on a map of namespaces those of one stand on its card. */
function idOnMap({ id, cluster, namespace }: DropChange['source'], grouping: Grouping): string {
  return grouping === 'namespace' && namespace !== '' ? nodeId(cluster, namespace, 'Namespace', namespace) : id;
}

function dropItem(drop: DropChange, grouping: Grouping): ListedChange {
  const { source, destination, reason, location, protocol, port, packetsBefore, packetsAfter } = drop;
  const now = plural(packetsAfter, 'packet');
  const said = {
    new: `${now} dropped, none before`,
    gone: `none dropped, ${formatCompact(packetsBefore)} before`,
    changed: `${now} dropped, ${factorWords(drop.factor)}`,
  }[drop.change];
  return {
    id: JSON.stringify(['drop', source.id, destination.id, reason, location, protocol, port]),
    change: drop.change,
    trend: drop.factor === null ? null : drop.factor > 1 ? 'more' : 'less',
    source: idOnMap(source, grouping),
    destination: idOnMap(destination, grouping),
    isDrop: true,
    title: `${source.name} → ${destination.name}${port === 0 ? '' : `:${port}`}`,
    detail: `${reason}: ${said}`,
  };
}

function listedEdge(edge: EdgeChange): ListedChange {
  const lead = leadingFactor(edge.factors);
  return {
    id: JSON.stringify(['edge', edge.source, edge.destination]),
    change: edge.change,
    trend: lead === null ? null : isMore(lead) ? 'more' : 'less',
    source: edge.source,
    destination: edge.destination,
    isDrop: false,
    title: `${nameOf(edge.source)} → ${nameOf(edge.destination)}`,
    detail: detailOf(edge),
  };
}

const nothing: Readonly<Record<Measure, number>> = { drops: 0, errors: 0, requests: 0, connections: 0, bytes: 0 };

function detailOf({ change, before, after, factors }: EdgeChange): string {
  if (change === 'changed') {
    const lead = leadingFactor(factors);
    if (lead === null) return '';
    const from = formatMeasure(lead.measure, before?.[lead.measure] ?? 0);
    const to = formatMeasure(lead.measure, after?.[lead.measure] ?? 0);
    const more = factors.length > 1 ? `, ${factors.length - 1} more` : '';
    return `${changeWords(factors)} (${from} → ${to})${more}`;
  }
  const side = (change === 'new' ? after : before) ?? nothing;
  const measure = side.requests > 0 ? 'requests' : 'connections';
  const failing = side.drops > 0 ? `, ${formatCompact(side.drops)} dropped` : '';
  const wrong = side.errors > 0 ? `, ${formatShare(side.errors, side.requests)} errors` : '';
  const had = change === 'new' ? '' : 'had ';
  return `${had}${formatMeasure(measure, side[measure])} ${measureName(measure)}, ${formatMeasure('bytes', side.bytes)}${failing}${wrong}`;
}
