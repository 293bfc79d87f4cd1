/** What was seen and lost, added up by the hour, so that it is known for as long as anything is that flows add up to. */
import { alignment, storedColumns } from './align-columns.ts';
import { backfillByDay, runAll, type Migration } from './migration.ts';
import { table } from './rollups.ts';

const text = 'LowCardinality(String) CODEC(ZSTD(1))';
const columns = [
  `cluster ${text}`,
  `node ${text}`,
  `counter ${text}`,
  'value SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))',
];

const byHour = (where: string): string => `
SELECT toStartOfHour(c.time) AS bucket, cluster, node, counter, sum(c.value) AS value
FROM coverage AS c${where}
GROUP BY bucket, cluster, node, counter`;

export const coverageByHour: Migration = {
  version: 6,
  name: 'coverage-by-hour',
  async run(client) {
    // A new store has the columns of the first release only.
    const missing = alignment('coverage', await storedColumns(client, 'coverage'));
    if (missing.length > 0) await client.command({ query: `ALTER TABLE coverage\n  ${missing.join(',\n  ')}` });
    await runAll(client, [
      // What a killed run may have filled, it would fill again.
      'DROP VIEW IF EXISTS coverage_1h_view',
      table('coverage_1h', columns, 'cluster, node, counter', 'toYYYYMM(bucket)', 400),
      'TRUNCATE TABLE coverage_1h',
    ]);
    const ofDay = byHour('\nWHERE toDate(c.time) = {day:Date}');
    const insert = `INSERT INTO coverage_1h (bucket, cluster, node, counter, value) ${ofDay}`;
    await backfillByDay(client, { table: 'coverage', time: 'time' }, insert);
    await runAll(client, [`CREATE MATERIALIZED VIEW coverage_1h_view TO coverage_1h AS${byHour('')}`]);
  },
};
