/**
 * What a statement of a migration becomes in a cluster. A table of rows lies in parts on the shards, each part on every
 * replica of its shard, and a distributed table with its name stands in front; a table that flows refer to lies on every
 * node as a whole. A form of statement that is not known here is an error, so that none runs on one node only.
 */
import { everywhere, localTable, onCluster } from '../cluster.ts';
import { tableNames } from '../tables.ts';

export interface ClusterPlace {
  readonly cluster: string;
  readonly database: string;
}

/** One server runs a statement as it is. */
export function clusterStatements(statement: string, place: ClusterPlace | null): readonly string[] {
  if (place === null) return [statement];
  const text = statement.trim();
  for (const [pattern, rewrite] of forms) {
    const match = pattern.exec(text);
    if (match !== null) return rewrite(match, place);
  }
  throw new Error(`no form is known for a cluster of: ${text.slice(0, 80)}`);
}

/**
 * Rows of one pair of workloads lie on one shard, whichever of the two opened the conversation and whichever node told:
 * then every edge of a map, whose two directions are one, adds up where its rows are, and shards send edges, not parts
 * of edges.
 */
const byPair = 'cityHash64(least(src_workload_id, dst_workload_id), greatest(src_workload_id, dst_workload_id))';
/** What nodes report of themselves lies together by node. */
const byNode = 'cityHash64(cluster, node)';
const nodeTables: ReadonlySet<string> = new Set(['coverage', 'coverage_1h', 'node_status']);

/** The flows of the first release had no ids of workloads; the second migration replaces them before any row comes. */
const isFirstFlows = (columns: string): boolean => /^\s*src_workload /m.test(columns);

function distributed(
  table: string,
  { cluster, database }: ClusterPlace,
  key = keyOf(table),
  create = 'CREATE OR REPLACE TABLE',
): string {
  return `
${create} ${table}${onCluster(cluster)} AS ${localTable(table, cluster)}
ENGINE = Distributed('${cluster}', '${database}', '${localTable(table, cluster)}', ${key})`;
}

const keyOf = (table: string): string => (nodeTables.has(table) ? byNode : byPair);

/** What stands in front of the tables that collectors write to, made anew from what these are now. */
export function distributedTables(place: ClusterPlace): readonly string[] {
  return tableNames.filter((table) => !everywhere.has(table)).map((table) => distributed(table, place));
}

/** A path with the table's own id stays right when the table is renamed. */
function replicated(table: string, engine: string, args: string): string {
  const [path, replica] = everywhere.has(table)
    ? [`'/clickhouse/tables/{uuid}/all'`, `'{shard}-{replica}'`]
    : [`'/clickhouse/tables/{uuid}/{shard}'`, `'{replica}'`];
  return `Replicated${engine}(${[path, replica, ...(args === '' ? [] : [args])].join(', ')})`;
}

function createTable(
  [, ifNotExists = '', table = '', columns = '', engine = '', args = '', rest = '']: RegExpExecArray,
  place: ClusterPlace,
): string[] {
  const settings = rest.replace('non_replicated_deduplication_window', 'replicated_deduplication_window');
  const local = `
CREATE TABLE ${ifNotExists}${localTable(table, place.cluster)}${onCluster(place.cluster)}
${columns}
ENGINE = ${replicated(table, engine, args)}${settings}`;
  if (everywhere.has(table)) return [local];
  const key = isFirstFlows(columns) ? 'rand()' : keyOf(table);
  return [local, distributed(table, place, key, 'CREATE TABLE IF NOT EXISTS')];
}

function createView(
  [, ifNotExists = '', view = '', target = '', select = '']: RegExpExecArray,
  { cluster }: ClusterPlace,
): string[] {
  const from = select.replace(/\bFROM (\w+)/g, (_, table: string) => `FROM ${localTable(table, cluster)}`);
  return [
    `CREATE MATERIALIZED VIEW ${ifNotExists}${view}${onCluster(cluster)} TO ${localTable(target, cluster)} AS${from}`,
  ];
}

function dropTable([, table = '']: RegExpExecArray, { cluster }: ClusterPlace): string[] {
  const names = everywhere.has(table) ? [table] : [table, localTable(table, cluster)];
  return names.map((name) => `DROP TABLE IF EXISTS ${name}${onCluster(cluster)} SYNC`);
}

/** What stands in front is made anew with the columns; the flows of the first release are about to be replaced. */
function alterColumns([, table = '', clauses = '']: RegExpExecArray, place: ClusterPlace): string[] {
  const alter = `ALTER TABLE ${localTable(table, place.cluster)}${onCluster(place.cluster)} ${clauses}`;
  const hasFront = !everywhere.has(table) && !clauses.includes(' src_workload ');
  return hasFront ? [alter, distributed(table, place)] : [alter];
}

/** The one rename there is: a new table takes the place of the old. */
function replaceTable([, table = '', old = '', next = '']: RegExpExecArray, place: ClusterPlace): string[] {
  const { cluster } = place;
  const pairs = [
    [table, old],
    [next, table],
  ].map((names) => names.map((name) => localTable(name, cluster)).join(' TO '));
  return [
    `RENAME TABLE ${pairs.join(', ')}${onCluster(cluster)}`,
    distributed(table, place),
    `DROP TABLE IF EXISTS ${next}${onCluster(cluster)} SYNC`,
  ];
}

type Rewrite = (match: RegExpExecArray, place: ClusterPlace) => readonly string[];

const forms: readonly (readonly [RegExp, Rewrite])[] = [
  [
    /^CREATE TABLE (IF NOT EXISTS )?(\w+)\n(\([\s\S]*?\n\))\nENGINE = (\w*MergeTree)(?:\((.*?)\))?(\n[\s\S]*)$/,
    createTable,
  ],
  [/^CREATE MATERIALIZED VIEW (IF NOT EXISTS )?(\w+) TO (\w+) AS(\n[\s\S]*)$/, createView],
  [
    /^DROP VIEW IF EXISTS (\w+)$/,
    ([, view = ''], { cluster }) => [`DROP VIEW IF EXISTS ${view}${onCluster(cluster)} SYNC`],
  ],
  [/^DROP TABLE IF EXISTS (\w+)$/, dropTable],
  [
    /^TRUNCATE TABLE (\w+)$/,
    ([, table = ''], { cluster }) => [`TRUNCATE TABLE ${localTable(table, cluster)}${onCluster(cluster)}`],
  ],
  [/^ALTER TABLE (\w+)\s+((?:ADD|MODIFY) COLUMN [\s\S]*)$/, alterColumns],
  [/^RENAME TABLE (\w+) TO (\w+), (\w+) TO \1$/, replaceTable],
  [
    /^INSERT INTO /,
    () => {
      throw new Error('a cluster begins empty: rows of an earlier version cannot be moved into one, import them');
    },
  ],
];
