/** The address of an export: format, columns, and what the page is asked about. */
import type { ExportFormat } from '../../../model/api.ts';
import { apiUrl } from '../api/client.ts';

/** What most readers open a table for. */
export const fewColumns: readonly string[] = [
  'time',
  'verdict',
  'drop_reason',
  'drop_location',
  'src_namespace',
  'src_workload',
  'src_pod',
  'src_ip',
  'src_port',
  'dst_namespace',
  'dst_workload',
  'dst_pod',
  'dst_ip',
  'dst_port',
  'protocol',
  'packets_to_dst',
  'bytes_to_dst',
  'bytes_to_src',
  'l7_type',
  'latency_ns',
  'http_method',
  'http_path',
  'http_status',
  'dns_name',
  'dns_rcode',
];

export interface ExportQuestion {
  readonly from: string;
  readonly to: string;
  readonly filter: string;
  readonly format: ExportFormat;
  readonly isAll: boolean;
}

/** The parameters of an export, and of its plan. */
export function exportQuery({ from, to, filter, format, isAll }: ExportQuestion): Record<string, string> {
  // Lines of hubble have their own columns.
  const columns = isAll || format === 'hubble' ? {} : { columns: fewColumns.join(',') };
  return { from, to, filter, format, ...columns };
}

export const exportUrl = (question: ExportQuestion): string =>
  apiUrl(`/api/v1/export?${new URLSearchParams(exportQuery(question)).toString()}`);
