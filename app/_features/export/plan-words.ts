/** How much an export will be, as the server plans it. */
import type { ExportFormat, ExportPlanResponse } from '../../../model/api.ts';
import { formatBytes, formatCount } from '../../_viz/format/quantities.ts';

export const formatNames: Readonly<Record<ExportFormat, string>> = {
  csv: 'CSV, for spreadsheets',
  jsonl: 'JSON lines, a flow each',
  hubble: 'JSON lines as Hubble exports them',
  parquet: 'Parquet',
  arrow: 'Arrow',
};

const endings: Readonly<Record<ExportFormat, string>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  hubble: 'jsonl',
  parquet: 'parquet',
  arrow: 'arrow',
};

export const fileName = (format: ExportFormat): string => `palomar-flows.${endings[format]}`;

export const planWords = ({ rows, bytes }: Pick<ExportPlanResponse, 'rows' | 'bytes'>): string =>
  `${formatCount(rows)} rows, about ${formatBytes(bytes)}`;
