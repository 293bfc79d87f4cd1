/**
 * The columns of the flow table: the seven of its standard look, and behind them every fact of a flow. Which are shown, in
 * which order, is in the URL; how wide they are is this browser's.
 */
import type { Flow } from '../../../model/api.ts';
import { factGroups } from './flow-facts.ts';

export interface FlowColumn {
  readonly id: string;
  readonly group: string;
  readonly name: string;
  readonly width: number;
}

const standard = (id: string, name: string, width: number): FlowColumn => ({ id, group: 'Table', name, width });

export const standardColumns: readonly FlowColumn[] = [
  standard('time', 'Time', 96),
  standard('verdict', 'Verdict', 108),
  standard('source', 'Source', 220),
  standard('destination', 'Destination', 220),
  standard('protocol', 'Protocol', 88),
  standard('summary', 'Summary', 320),
  standard('bytes', 'Bytes', 76),
];

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

const factId = (group: string, name: string): string => `${slug(group)}.${slug(name)}`;

/** Of the two ends the facts have the same names. */
const columnName = (group: string, name: string): string =>
  group === 'Source' || group === 'Destination' ? `${group}: ${name}` : name;

/** Every column there is. A flow has the same facts as any other, so that one tells them all. */
export function allColumns(sample: Flow | undefined): readonly FlowColumn[] {
  const facts = sample === undefined ? [] : factGroups(sample);
  return [
    ...standardColumns,
    ...facts.flatMap(({ title, rows }) =>
      rows.map(([name]) => ({ id: factId(title, name), group: title, name: columnName(title, name), width: 140 })),
    ),
  ];
}

/** What a row has in its columns of facts, by column id. */
export function factsById(flow: Flow): ReadonlyMap<string, string> {
  return new Map(
    factGroups(flow).flatMap(({ title, rows }) => rows.map(([name, value]) => [factId(title, name), value])),
  );
}

export const presets: Readonly<Record<string, readonly string[]>> = {
  Drops: [
    'time',
    'verdict',
    'source',
    'destination',
    'protocol',
    'what-happened.drop-reason',
    'what-happened.dropped-at',
    'what-happened.tcp-flags',
    'seen-by.interface',
  ],
  HTTP: [
    'time',
    'source',
    'destination',
    'application.status',
    'application.request',
    'application.latency',
    'application.grpc-status',
  ],
  DNS: [
    'time',
    'source',
    'destination',
    'application.question',
    'application.answer',
    'application.latency',
    'application.ttl',
  ],
  'TCP health': [
    'time',
    'source',
    'destination',
    'what-happened.connecting',
    'counted.handshake',
    'counted.round-trip',
    'counted.retransmits',
    'counted.resets',
    'counted.zero-windows',
    'counted.duration',
  ],
  Addresses: [
    'time',
    'verdict',
    'source.address',
    'source.port',
    'destination.address',
    'destination.port',
    'protocol',
    'bytes',
  ],
};

/** Those of `ids` that exist, in that order, each once; null for the standard look. */
export function chosenColumns(ids: readonly string[] | null, all: readonly FlowColumn[]): readonly FlowColumn[] | null {
  if (ids === null) return null;
  const chosen = [...new Set(ids)].flatMap((id) => all.find((column) => column.id === id) ?? []);
  return chosen.length === 0 ? null : chosen;
}

/** `id` one place earlier or later; at the end it stays. */
export function moved(ids: readonly string[], id: string, step: -1 | 1): readonly string[] {
  const at = ids.indexOf(id);
  const to = at + step;
  const other = ids[to];
  if (at < 0 || other === undefined) return ids;
  return ids.map((one, index) => (index === at ? other : index === to ? id : one));
}

export const narrowest = 48;
export const widest = 800;

/** What this browser keeps about widths; anything else in its place is as good as nothing. */
export function parseWidths(text: string): ReadonlyMap<string, number> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  return new Map(
    pairs.flatMap(([id = '', width = '']) =>
      id !== '' && /^\d+$/.test(width) ? [[id, Math.max(narrowest, Math.min(widest, Number(width)))] as const] : [],
    ),
  );
}

export const printWidths = (widths: ReadonlyMap<string, number>): string =>
  [...widths].map(([id, width]) => `${id}=${Math.round(width)}`).join(',');
