/** How much an export will be, from its newest page: exact when that is all, else from how dense that page is. */
import type { FlowsResponse } from '../../../model/api.ts';
import { parseTime } from '../../_viz/format/time.ts';

export interface Estimate {
  readonly rows: number;
  readonly bytes: number;
  readonly isExact: boolean;
}

export const exportFormats = ['csv', 'jsonl', 'hubble'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Bytes of a row, measured on an export of the lab's 2,087 rows: with all columns, and with the few. */
const rowBytes: Readonly<Record<ExportFormat, { all: number; few: number }>> = {
  csv: { all: 800, few: 195 },
  jsonl: { all: 2_150, few: 555 },
  hubble: { all: 2_430, few: 2_430 },
};

export function estimateOf(page: FlowsResponse, format: ExportFormat, isAll: boolean): Estimate {
  const { flows, cursor, range } = page;
  const size = rowBytes[format][isAll ? 'all' : 'few'];
  const of = (rows: number, isExact: boolean): Estimate => ({ rows, bytes: rows * size, isExact });
  const newest = flows[0];
  const oldest = flows.at(-1);
  if (cursor === null || newest === undefined || oldest === undefined) return of(flows.length, true);
  const coveredMs = Math.max(1, range.toMs - parseTime(oldest.time));
  const rows = Math.round((flows.length * (range.toMs - range.fromMs)) / coveredMs);
  return of(Math.max(flows.length, rows), false);
}
