import { describe, expect, it } from 'vitest';
import { ageStatements, tableAges } from './ages.ts';

const ages = { rawDays: 14, minuteDays: 30, hourDays: 400, dayDays: 400 };
const flows = { table: 'flows', from: 'toDateTime(time)', days: 7 };
const engine = (days: number, settings = ''): string =>
  `MergeTree ORDER BY time TTL toDateTime(time) + toIntervalDay(${days}) SETTINGS ttl_only_drop_parts = 1${settings}`;

describe('ages', () => {
  it('keep what flows refer to longer than the flows, and names longer than any rollup', () => {
    const days = new Map(tableAges(ages).map(({ table, days: kept }) => [table, kept]));
    expect(days.get('endpoints')).toBeGreaterThan(ages.rawDays);
    expect(days.get('workloads')).toBeGreaterThan(ages.dayDays);
    expect(
      new Map(tableAges({ ...ages, rawDays: 900 }).map(({ table, days: kept }) => [table, kept])).get('workloads'),
    ).toBe(930);
  });

  it('change nothing that is as wanted', () => {
    expect(ageStatements(flows, engine(7), null)).toEqual([]);
    expect(ageStatements(flows, 'MergeTree ORDER BY time TTL toDateTime(time) + toIntervalDay(7)', null)).toEqual([]);
  });

  it('take no other number for the wanted one', () => {
    expect(ageStatements(flows, engine(70), null)).toHaveLength(2);
    expect(ageStatements({ ...flows, days: 70 }, engine(7), null)).toHaveLength(2);
  });

  it('change the rule once, and the age of the parts that are there without rewriting them', () => {
    expect(ageStatements(flows, engine(14), null)).toEqual([
      'ALTER TABLE flows MODIFY SETTING materialize_ttl_recalculate_only = 1',
      'ALTER TABLE flows MODIFY TTL toDateTime(time) + toIntervalDay(7)',
    ]);
    expect(ageStatements(flows, engine(14, ', materialize_ttl_recalculate_only = 1'), null)).toHaveLength(1);
  });

  it('are those of the tables behind the distributed ones in a cluster', () => {
    expect(ageStatements(flows, engine(14), 'three')[1]).toBe(
      `ALTER TABLE flows_local ON CLUSTER 'three' MODIFY TTL toDateTime(time) + toIntervalDay(7)`,
    );
  });
});
