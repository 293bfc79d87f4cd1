/** The tables and their columns: migrations create them, the writer fills them, queries read them. */
import { coverageColumns, flowColumns } from '../model/flow-columns.ts';
import { statusColumns } from '../model/status-columns.ts';

export const tables = {
  flows: flowColumns,
  coverage: coverageColumns,
  node_status: statusColumns,
} as const;

export type Table = keyof typeof tables;
export const tableNames = ['flows', 'coverage', 'node_status'] as const satisfies readonly Table[];

export type FlowColumn = keyof typeof flowColumns;
export type CoverageColumn = keyof typeof coverageColumns;
export type StatusColumn = keyof typeof statusColumns;
