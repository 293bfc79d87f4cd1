/**
 * Columns of `node_status`: how capture stands on one node, written by its collector every few seconds. The server
 * reads the newest row of each node for `/api/v1/health`; a stale row means a dead collector.
 */
import type { ColumnType } from './flow-columns.ts';

export const captureModes = ['unknown', 'live', 'recording', 'off'] as const;
export type CaptureMode = (typeof captureModes)[number];

export const statusColumns = {
  time: 'DateTime64(9)',
  cluster: 'LowCardinality(String)',
  node: 'LowCardinality(String)',
  mode: { enum8: captureModes },
  /** One sentence; empty when all is well. */
  detail: 'String',
  /** What capture lacks here, each "<feature>: <why, and the command that mends it>". */
  missing: 'Array(String)',
  /** The watched interfaces: four lists of equal length. */
  interface_names: 'Array(LowCardinality(String))',
  interface_states: 'Array(LowCardinality(String))',
  interface_netns: 'Array(LowCardinality(String))',
  interface_errors: 'Array(String)',
  /** What waits on the node's disk for the store. */
  spill_rows: 'UInt64',
  spill_bytes: 'UInt64',
  /** Why that disk takes nothing; empty when it does. */
  spill_problem: 'String',
} as const satisfies Record<string, ColumnType>;
