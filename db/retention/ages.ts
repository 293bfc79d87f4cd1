/**
 * How long each table keeps its rows, as its TTL. A changed setting changes the TTL and lets the store note anew, part by
 * part, when it ends: it reads the one column of the time and rewrites no row. Dropping partitions by hand instead would need this process
 * to be there at the time, and leave an older TTL that ends a longer time too early.
 */
import { z } from 'zod';
import type { StoreClient } from '../client.ts';
import { localTable, onCluster } from '../cluster.ts';

export interface Ages {
  /** Flows, and what stands beside them. */
  readonly rawDays: number;
  readonly minuteDays: number;
  readonly hourDays: number;
  readonly dayDays: number;
}

export interface TableAge {
  readonly table: string;
  /** The expression that the TTL counts from. */
  readonly from: string;
  readonly days: number;
}

/** Endpoints are written again once an hour in use: a day more covers every flow that names them. */
const endpointGraceDays = 1;
/** So long do names outlive the last rollup that may refer to them. */
const workloadGraceDays = 30;

/** What every table is to keep, as far as it is there; `node_status` is about now, and keeps its three days. */
export function tableAges({ rawDays, minuteDays, hourDays, dayDays }: Ages): readonly TableAge[] {
  const bucketed = (tables: readonly string[], days: number): TableAge[] =>
    tables.map((table) => ({ table, from: 'bucket', days }));
  const longest = Math.max(rawDays, minuteDays, hourDays, dayDays);
  return [
    { table: 'flows', from: 'toDateTime(time)', days: rawDays },
    { table: 'coverage', from: 'toDateTime(time)', days: rawDays },
    { table: 'endpoints', from: 'toDateTime(seen)', days: rawDays + endpointGraceDays },
    ...bucketed(['edges_1m', 'edges_10m', 'drops_1m', 'routes_1m', 'dns_1m'], minuteDays),
    ...bucketed(['edges_1h', 'routes_1h', 'dns_1h'], hourDays),
    ...bucketed(['edges_1d'], dayDays),
    { table: 'coverage_1h', from: 'bucket', days: longest },
    { table: 'workloads', from: 'toDateTime(seen)', days: longest + workloadGraceDays },
  ];
}

/** Without it a new TTL would rewrite every part whose rows it concerns. */
const recalculateOnly = 'materialize_ttl_recalculate_only = 1';

/** The statements that bring a table with this `engine_full` to its age; none when it has it. */
export function ageStatements(age: TableAge, engineFull: string, cluster: string | null): readonly string[] {
  const wanted = `TTL ${age.from} + toIntervalDay(${age.days})`;
  if (`${engineFull} `.includes(`${wanted} `)) return [];
  const alter = `ALTER TABLE ${localTable(age.table, cluster)}${onCluster(cluster)}`;
  return [
    ...(engineFull.includes(recalculateOnly) ? [] : [`${alter} MODIFY SETTING ${recalculateOnly}`]),
    `${alter} MODIFY ${wanted}`,
  ];
}

/** Someone creates them still. */
export class TablesMissing extends Error {}

const enginesSchema = z.array(z.object({ name: z.string(), engine_full: z.string() }));

/** Brings every table that is there to its age. Tells which were changed. */
export async function applyAges(client: StoreClient, ages: Ages, cluster: string | null): Promise<readonly TableAge[]> {
  const answer = await client.query({
    query: 'SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()',
    format: 'JSONEachRow',
  });
  const engines = new Map(enginesSchema.parse(await answer.json()).map(({ name, engine_full }) => [name, engine_full]));
  if (!engines.has(localTable('flows', cluster))) throw new TablesMissing('the tables are not there yet');
  const changed: TableAge[] = [];
  for (const age of tableAges(ages)) {
    const engine = engines.get(localTable(age.table, cluster));
    if (engine === undefined) continue;
    const statements = ageStatements(age, engine, cluster);
    for (const query of statements) await client.command({ query });
    if (statements.length > 0) changed.push(age);
  }
  return changed;
}
