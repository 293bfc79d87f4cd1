/** Whatever a stranger puts into a filter, a dimension or a value reaches the engine as a value, and changes nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { glob, type Expression } from '../model/filter/ast.ts';
import { fieldOf, fields, type FieldName } from '../model/filter/fields.ts';
import { parseFilter } from '../model/filter/parse.ts';
import { printFilter } from '../model/filter/print.ts';
import { appendFlow } from './block.fixture.ts';
import { createStoreClient, type StoreClient } from './client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from './embedded/testing.ts';
import { migrate } from './migrations/migrate.ts';
import { queryDrops } from './queries/drops.ts';
import { queryExchanges } from './queries/exchanges.ts';
import { planExport } from './queries/export.ts';
import { queryFlows } from './queries/flows.ts';
import { queryMap } from './queries/map.ts';
import { querySeries } from './queries/series.ts';
import { queryTop } from './queries/top.ts';
import { queryValues } from './queries/values.ts';
import { createWriter } from './writer.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();
const toMs = Math.floor(Date.now() / 1000) * 1000;
const range = { fromMs: toMs - 3_600_000, toMs };
const rowCount = 5;

const attacks = [
  `' OR 1 --`,
  `'); DROP TABLE flows; --`,
  `\\' OR 1=1 --`,
  `{p0:String}`,
  `x' UNION ALL SELECT * FROM system.users --`,
  `\0' OR ''='`,
  `%`,
  `_`,
  '`; TRUNCATE flows',
  `"\n FORMAT Null SETTINGS readonly=0`,
  `$$ OR 1 $$`,
  `\\N\\\\`,
  `🦊'🦊`,
];

/** Fields that take any text. */
const textual = (Object.keys(fields) as FieldName[]).filter((name) => ['text', 'label'].includes(fieldOf(name).kind));

function termOf(field: FieldName, attack: string): Expression {
  const end = fieldOf(field).of === 'end' ? 'either' : 'flow';
  const pattern = glob(attack);
  const test =
    fieldOf(field).kind === 'label'
      ? ({ is: 'label', key: attack, value: pattern } as const)
      : ({ is: 'text', glob: pattern } as const);
  return { kind: 'term', field, end, test };
}

describe.skipIf(whyNoEngine() !== null)('an injection', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-injection-'));
  let store: RunningStore;
  let client: StoreClient;

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url);
    await migrate(store.url, { log: quiet });
    const writer = createWriter({ url: store.url }, { log: quiet, clock: Date });
    writer.start(signal);
    for (let id = 1; id <= rowCount; id += 1) {
      const ends = { src_namespace: 'shop', src_workload: 'api', dst_workload: 'db', src_labels: ['k8s:app=api'] };
      appendFlow(writer, {
        ...ends,
        id,
        time: BigInt(toMs - id * 1000) * 1_000_000n,
        kind: 'l7_response',
        l7_type: 'HTTP',
      });
    }
    await writer.stop();
  });
  afterAll(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function tables(): Promise<unknown> {
    const answer = await client.query({
      query: `SELECT name, total_rows FROM system.tables WHERE database = currentDatabase() ORDER BY name`,
      format: 'JSONEachRow',
    });
    return answer.json();
  }

  it.each(attacks)('%j finds nothing, in any field', async (attack) => {
    const before = await tables();
    for (const field of textual) {
      const filter = termOf(field, attack);
      const { rows } = await queryFlows(client, { range, filter, limit: 10, before: null }, signal);
      expect(rows, field).toEqual([]);
    }
    const nothing: Expression = { kind: 'or', of: textual.map((field) => termOf(field, attack)) };
    const question = { range, filter: nothing };
    expect((await queryMap(client, { ...question, grouping: 'pod', limit: 9 }, signal)).edges).toEqual([]);
    expect((await queryDrops(client, { ...question, limit: 9, sinceMs: null }, signal)).groups).toEqual([]);
    expect((await planExport(client, question, signal)).rows).toBe(0);
    const { points } = await querySeries(client, { ...question, points: 5 }, signal);
    expect(points.every(({ requests }) => requests === 0)).toBe(true);
    const routes = { ...question, topic: 'routes', order: 'slowest', limit: 9 } as const;
    expect((await queryExchanges(client, routes, signal)).groups).toEqual([]);
    expect(await tables()).toEqual(before);
  });

  it.each(attacks)('%j is a name of a label and a piece of a value like any other', async (attack) => {
    const before = await tables();
    const everything = parseFilter('');
    if (!everything.ok) throw new Error(everything.error.message);
    const question = { range, filter: everything.value, measure: 'requests', limit: 9, points: 0 } as const;
    const { groups } = await queryTop(client, { ...question, by: `from.label:${attack}` }, signal);
    expect(groups.map(({ key, value }) => [key, value])).toEqual([[[''], rowCount]]);
    for (const field of textual) {
      const { values } = await queryValues(client, { field, typed: attack, range, limit: 9 }, signal);
      expect(values, field).toEqual([]);
    }
    expect(await tables()).toEqual(before);
  });

  it.each(attacks)('%j comes through the language as it was', (attack) => {
    for (const field of textual) {
      const printed = printFilter(termOf(field, attack));
      // A line break or a NUL cannot be typed; what can is the same again.
      if (/[\n\0]/.test(attack)) continue;
      expect(parseFilter(printed)).toMatchObject({ ok: true, value: { kind: 'term', field } });
    }
  });
});
