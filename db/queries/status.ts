/** How capture stands, how new the newest flow is, which engine answers: what health is made of. */
import { z } from 'zod';
import { captureModes, type CaptureMode } from '../../model/status-columns.ts';
import type { StoreClient } from '../client.ts';
import { sql } from '../sql.ts';
import { runQuery } from './run.ts';

export interface NodeStatus {
  readonly cluster: string;
  readonly node: string;
  readonly timeMs: number;
  readonly mode: CaptureMode;
  readonly detail: string;
  readonly missing: readonly string[];
  readonly interfaces: readonly {
    readonly name: string;
    readonly state: string;
    readonly netns: string;
    readonly error: string;
  }[];
  /** What waits on the node's disk for the store. */
  readonly spill: { readonly rows: number; readonly bytes: string; readonly problem: string };
}

const statusRow = z.object({
  cluster: z.string(),
  node: z.string(),
  time_ms: z.string(),
  mode: z.enum(captureModes),
  detail: z.string(),
  missing: z.array(z.string()),
  interface_names: z.array(z.string()),
  interface_states: z.array(z.string()),
  interface_netns: z.array(z.string()),
  interface_errors: z.array(z.string()),
  spill_rows: z.string(),
  spill_bytes: z.string(),
  spill_problem: z.string(),
});

/** The newest row of every node that reported within the hour. */
export const statusSql = sql`
SELECT
  cluster, node, toUnixTimestamp64Milli(time) AS time_ms, mode, detail, missing,
  interface_names, interface_states, interface_netns, interface_errors, spill_rows, spill_bytes, spill_problem
FROM node_status
WHERE time > now64(9) - INTERVAL 1 HOUR
ORDER BY cluster, node, time DESC
LIMIT 1 BY cluster, node
LIMIT 1000`;

export async function queryStatus(client: StoreClient, signal: AbortSignal): Promise<readonly NodeStatus[]> {
  const { rows } = await runQuery(client, statusSql, statusRow, signal);
  return rows.map((row) => ({
    cluster: row.cluster,
    node: row.node,
    timeMs: Number(row.time_ms),
    mode: row.mode,
    detail: row.detail,
    missing: row.missing,
    interfaces: row.interface_names.map((name, i) => ({
      name,
      state: row.interface_states[i] ?? '',
      netns: row.interface_netns[i] ?? '',
      error: row.interface_errors[i] ?? '',
    })),
    spill: { rows: Number(row.spill_rows), bytes: row.spill_bytes, problem: row.spill_problem },
  }));
}

/** Without a bound in time, because then the store answers from what it notes about each part, reading no row. */
export const newestFlowSql = sql`
SELECT toUnixTimestamp64Milli(max(time)) AS time_ms, count() AS flows
FROM flows
LIMIT 1`;

export async function queryNewestFlowMs(client: StoreClient, signal: AbortSignal): Promise<number | null> {
  const row = z.object({ time_ms: z.string(), flows: z.string() });
  const { rows } = await runQuery(client, newestFlowSql, row, signal);
  const [newest] = rows;
  return newest === undefined || newest.flows === '0' ? null : Number(newest.time_ms);
}

export async function queryVersion(client: StoreClient, signal: AbortSignal): Promise<string> {
  const { rows } = await runQuery(client, sql`SELECT version() AS version`, z.object({ version: z.string() }), signal);
  return rows[0]?.version ?? '';
}
