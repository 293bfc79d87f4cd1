/**
 * Edges per ten minutes, routes and DNS names per hour, added up from what the minute has. Without them a week of routes
 * is ten million rows, and an hour's map that begins at no whole hour sixty minutes of every edge.
 */
import { edgeKeyNames, mergedAggregates } from '../queries/edge-rows.ts';
import { backfillByDay, runAll, type Migration, type MigrationClient } from './migration.ts';
import { edgeColumns, edgeOrder, nameOf, table, topicColumns, topicKey } from './rollups.ts';

interface Coarser {
  readonly name: string;
  readonly from: string;
  readonly create: string;
  readonly columns: readonly string[];
  /** Of rows of `from`, called `e`, under a condition. */
  readonly select: (where: string) => string;
}

function coarser(
  of: Pick<Coarser, 'name' | 'from' | 'create'>,
  columns: readonly string[],
  start: string,
  keys: string,
  sums: string,
): Coarser {
  const select = (where: string): string => `
SELECT ${start}(e.bucket) AS bucket, ${keys},
  ${sums}
FROM ${of.from} AS e${where}
GROUP BY bucket, ${keys}`;
  return { ...of, columns: ['bucket', ...columns.map(nameOf)], select };
}

function hourly(topic: 'routes' | 'dns', sums: readonly string[]): Coarser {
  const [name, from] = [`${topic}_1h`, `${topic}_1m`];
  const [columns, key] = [topicColumns(from), topicKey(from)];
  const create = table(name, columns, key, 'toYYYYMM(bucket)', 400);
  return coarser({ name, from, create }, columns, 'toStartOfHour', key, sums.join(',\n  '));
}

const counts = ['requests', 'unanswered'].map((name) => `sum(e.${name}) AS ${name}`);
const latency = 'sumMap(e.latency.1, e.latency.2) AS latency';

const rollups: readonly Coarser[] = [
  coarser(
    {
      name: 'edges_10m',
      from: 'edges_1m',
      create: table('edges_10m', edgeColumns, edgeOrder, 'toDate(bucket)', 30),
    },
    edgeColumns,
    'toStartOfTenMinutes',
    edgeKeyNames,
    mergedAggregates.text,
  ),
  hourly('routes', [...counts, 'sum(e.errors) AS errors', 'sumMap(e.statuses.1, e.statuses.2) AS statuses', latency]),
  hourly('dns', [...counts, latency]),
];

/** The newest day last, so that next to nothing comes between its rows and the view that takes over. */
async function backfill(client: MigrationClient, { name, from, columns, select }: Coarser): Promise<void> {
  const names = columns.join(', ');
  const ofDay = select('\nWHERE toDate(e.bucket) = {day:Date}');
  const insert = `INSERT INTO ${name} (${names}) SELECT ${names} FROM (${ofDay}\n)`;
  await backfillByDay(client, { table: from, time: 'bucket' }, insert);
}

export const coarserRollups: Migration = {
  version: 4,
  name: 'coarser-rollups',
  async run(client) {
    for (const one of rollups) {
      // What a killed run may have filled, it would fill again.
      await runAll(client, [`DROP VIEW IF EXISTS ${one.name}_view`, one.create, `TRUNCATE TABLE ${one.name}`]);
      await backfill(client, one);
      await runAll(client, [`CREATE MATERIALIZED VIEW ${one.name}_view TO ${one.name} AS${one.select('')}`]);
    }
  },
};
