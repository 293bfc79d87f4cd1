import { describe, expect, it, vi } from 'vitest';
import type { StoredRows } from '../db/queries/readings.ts';
import { all } from '../model/filter/ast.ts';
import { parseFilter } from '../model/filter/parse.ts';
import { costs, createScales, type Scales } from './cost.ts';

const day = 86_400_000;
const hour = 3_600_000;
const stored: readonly StoredRows[] = [
  { table: 'flows', fromMs: 0, toMs: day, rows: 24_000_000 },
  { table: 'edges_1h', fromMs: 0, toMs: day, rows: 24_000 },
  { table: 'edges_1d', fromMs: 0, toMs: day, rows: 1000 },
  { table: 'drops_1m', fromMs: 0, toMs: day, rows: 5000 },
];
const path = parseFilter('http.path:/orders');
if (!path.ok) throw new Error('the filter does not parse');
const [unknownToRollups, wholeDay] = [path.value, { fromMs: 0, toMs: day }];

function scales(of: { readonly now?: () => number; readonly storedRows?: () => Promise<readonly StoredRows[]> } = {}) {
  const warn = vi.fn<(facts: object, message: string) => void>();
  const made: Scales = createScales(
    { heavyFrom: 1_000_000, keepMs: 10_000 },
    { storedRows: () => Promise.resolve(stored), clock: { now: of.now ?? (() => 0) }, log: { warn }, ...of },
  );
  return { ...made, warn };
}

describe('scales', () => {
  const map = { grouping: 'workload', limit: 100 } as const;
  const page = { limit: 100, before: null };

  it.each([
    ['a map of a day from rollups', costs.map({ ...map, range: wholeDay, filter: all }), 'light'],
    ['a map that no rollup answers', costs.map({ ...map, range: wholeDay, filter: unknownToRollups }), 'heavy'],
    [
      'the same of ten minutes',
      costs.map({ ...map, range: { fromMs: 0, toMs: hour / 6 }, filter: unknownToRollups }),
      'light',
    ],
    ['the newest flows of a day', costs.flows({ ...page, range: wholeDay, filter: all }), 'light'],
    ['flows that are looked for', costs.flows({ ...page, range: wholeDay, filter: unknownToRollups }), 'heavy'],
    ['drops of a day', costs.drops({ range: wholeDay, filter: all, limit: 10, sinceMs: null }), 'light'],
  ] as const)('find %s as heavy as it is', async (_name, cost, weight) => {
    expect(await scales().weigh(cost)).toBe(weight);
  });

  it('read the list of parts again only when it is old, and let nobody wait for that', async () => {
    let now = 0;
    const storedRows = vi.fn(() => Promise.resolve(stored));
    const { weigh } = scales({ now: () => now, storedRows });
    const cost = costs.map({ ...map, range: wholeDay, filter: unknownToRollups });
    await Promise.all([weigh(cost), weigh(cost)]);
    expect(storedRows).toHaveBeenCalledTimes(1);
    now = 10_001;
    storedRows.mockReturnValue(new Promise(() => undefined));
    expect(await weigh(cost)).toBe('heavy');
    expect(await weigh(cost)).toBe('heavy');
    expect(storedRows).toHaveBeenCalledTimes(2);
  });

  it('take nothing for heavy without a list of parts, and say so', async () => {
    const { weigh, warn } = scales({ storedRows: () => Promise.reject(new Error('not allowed')) });
    expect(await weigh(costs.map({ ...map, range: wholeDay, filter: unknownToRollups }))).toBe('light');
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
