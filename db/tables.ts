/** The tables and their columns: migrations create them, the writer fills them, queries read them. */
import { coverageColumns, endpointColumns, flowColumns } from '../model/flow-columns.ts';
import { statusColumns } from '../model/status-columns.ts';

export const tables = {
  flows: flowColumns,
  endpoints: endpointColumns,
  coverage: coverageColumns,
  node_status: statusColumns,
} as const;

export type Table = keyof typeof tables;
export const tableNames = ['flows', 'endpoints', 'coverage', 'node_status'] as const satisfies readonly Table[];

export type FlowColumn = keyof typeof flowColumns;
export type EndpointColumn = keyof typeof endpointColumns;
export type CoverageColumn = keyof typeof coverageColumns;
export type StatusColumn = keyof typeof statusColumns;
