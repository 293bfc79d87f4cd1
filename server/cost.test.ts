import { describe, expect, it, vi } from 'vitest';
import type { StoredRows } from '../db/queries/readings.ts';
import { all, type Filter } from '../model/filter/ast.ts';
import { parseFilter } from '../model/filter/parse.ts';
import { printFilter } from '../model/filter/print.ts';
import { costs, createStoredRowsSource, offersOf, weightOf, type Cost } from './cost.ts';

const hour = 3_600_000;
const day = 24 * hour;
const wholeDay = { fromMs: 0, toMs: day };
const stored: readonly StoredRows[] = [
  { table: 'flows', fromMs: 0, toMs: day, rows: 24_000_000 },
  { table: 'edges_1h', fromMs: 0, toMs: day, rows: 24_000 },
  { table: 'edges_1d', fromMs: 0, toMs: day, rows: 1000 },
  { table: 'drops_1m', fromMs: 0, toMs: day, rows: 5000 },
];

function filter(text: string): Filter {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(`${text} does not parse`);
  return parsed.value;
}

const mapOf = (text: string, range = wholeDay): Cost =>
  costs.map({ grouping: 'workload', limit: 100, range, filter: filter(text) });
const page = { limit: 100, before: null, range: wholeDay };

describe('a question', () => {
  it.each([
    ['a map of a day from rollups', mapOf(''), 'light'],
    ['a map that no rollup answers', mapOf('http.path:/orders'), 'heavy'],
    ['the same of a minute', mapOf('http.path:/orders', { fromMs: 0, toMs: 60_000 }), 'light'],
    ['the newest flows of a day', costs.flows({ ...page, filter: all }), 'light'],
    ['flows that are looked for', costs.flows({ ...page, filter: filter('http.path:/orders') }), 'heavy'],
    ['drops of a day', costs.drops({ range: wholeDay, filter: all, limit: 10, sinceMs: null }), 'light'],
  ] as const)('like %s is as heavy as it is', (_name, cost, weight) => {
    expect(weightOf(cost, stored)).toBe(weight);
  });
});

describe('offers', () => {
  const offered = (cost: Cost, most: number, share = 1): readonly (readonly [number, string, number])[] =>
    offersOf(cost, stored, most, share).map(({ lengthMs, filter: less, rows }) => {
      return [lengthMs / hour, printFilter(less), rows] as const;
    });

  it('are the longest range that fits, and the whole one from rollups', () => {
    expect(offered(mapOf('ns:shop http.path:/orders'), 7_000_000)).toEqual([
      [6, 'ns:shop http.path:/orders', 6_000_000],
      [24, 'ns:shop', 1000],
    ]);
  });

  it('leave out the filter where no part of it has a rollup', () => {
    expect(offered(mapOf('http.path:/orders'), 1_000_000)).toEqual([
      [1, 'http.path:/orders', 1_000_000],
      [24, '', 1000],
    ]);
  });

  it('are longer for a question that reads a part of what there is', () => {
    expect(offered(mapOf('http.path:/orders'), 1_000_000, 0.1)[0]?.[0]).toBe(6);
  });

  it('are only a shorter range where less of a filter reads no less', () => {
    const cost = costs.exportPlan({ range: wholeDay, filter: filter('ns:shop') });
    expect(offered(cost, 2_000_000)).toEqual([[1, 'ns:shop', 1_000_000]]);
  });

  it('are none where nothing smaller fits', () => {
    expect(offered(costs.exportPlan({ range: wholeDay, filter: all }), 10)).toEqual([]);
  });
});

describe('what the store has', () => {
  it('is read again only when it is old, and nobody waits for that', async () => {
    let now = 0;
    const storedRows = vi.fn(() => Promise.resolve(stored));
    const source = createStoredRowsSource(10_000, { storedRows, clock: { now: () => now }, log: console });
    await Promise.all([source.read(), source.read()]);
    expect(storedRows).toHaveBeenCalledTimes(1);
    now = 10_001;
    storedRows.mockReturnValue(new Promise(() => undefined));
    expect(await source.read()).toBe(stored);
    expect(await source.read()).toBe(stored);
    expect(storedRows).toHaveBeenCalledTimes(2);
  });

  it('is nothing where it cannot be read, which is said', async () => {
    const warn = vi.fn<(facts: object, message: string) => void>();
    const storedRows = (): Promise<never> => Promise.reject(new Error('not allowed'));
    const source = createStoredRowsSource(10_000, { storedRows, clock: { now: () => 0 }, log: { warn } });
    expect(await source.read()).toEqual([]);
    expect(weightOf(mapOf('http.path:/orders'), await source.read())).toBe('light');
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
