/**
 * Names of tables in cluster mode: `flows_local` on every shard, and `flows` in front of them. Without a cluster a table
 * is its own.
 */

/** Every node has all of it: what flows refer to is looked up where the flows are. */
export const everywhere: ReadonlySet<string> = new Set([
  'endpoints',
  'workloads',
  'saved_items',
  'schema_migrations',
  'migration_lock',
]);

/** The table that holds the rows. */
export function localTable(table: string, cluster: string | null): string {
  return cluster === null || everywhere.has(table) ? table : `${table}_local`;
}

/** The clause that makes a statement about a table one about it on every node. */
export function onCluster(cluster: string | null): string {
  return cluster === null ? '' : ` ON CLUSTER '${cluster}'`;
}
