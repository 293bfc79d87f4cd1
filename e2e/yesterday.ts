/**
 * A yesterday for the recorded lab: today's flows exported, moved a day back, changed in the ways that a journey looks for,
 * and imported into the same store. Nothing is made up but the differences, which are named here.
 */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { embeddedStoreUrl, type Stack } from './stack.ts';

const dayMs = 86_400_000;

const rowSchema = z.looseObject({
  time: z.string(),
  id: z.string(),
  connection_id: z.string(),
  kind: z.string(),
  src_workload: z.string(),
  dst_workload: z.string(),
});
type Row = z.infer<typeof rowSchema>;

type End = 'src' | 'dst';
const endOf = (row: Row, end: End): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([name]) => name.startsWith(`${end}_`))
      .map(([name, value]) => [name.slice(4), value]),
  );
const withEnd = (row: Row, end: End, is: Record<string, unknown>): Row => ({
  ...row,
  ...Object.fromEntries(Object.entries(is).map(([name, value]) => [`${end}_${name}`, value])),
});

/** Ids say which flow it is: one that differs needs another. */
const renamed = (row: Row, by: bigint): Row => ({
  ...row,
  id: String(BigInt.asUintN(64, BigInt(row.id) + by)),
  connection_id: String(BigInt.asUintN(64, BigInt(row.connection_id) + by)),
});

/**
 * Yesterday api reached payment.stripe.com, which frontend had nothing to do with; frontend asked postgres itself, api had
 * a cache, and frontend asked api a quarter of what it asks today.
 */
function yesterdayOf(today: readonly Row[]): Row[] {
  const between = (source: string, destination: string): Row[] =>
    today.filter((row) => row.src_workload === source && row.dst_workload === destination);
  const [fromApi] = between('api', 'postgres');
  const [fromFrontend] = between('frontend', 'api');
  if (fromApi === undefined || fromFrontend === undefined) throw new Error('the recorded lab has no such traffic');
  const cache = { workload: 'cache', workload_kind: 'StatefulSet', pod: 'cache-0', service: 'cache', ip: 'fd77::60' };
  const requests = between('frontend', 'api').filter((row) => row.kind === 'l7_response');
  return [
    ...today.filter(({ src_workload, dst_workload, kind }) => {
      const isRequest = src_workload === 'frontend' && dst_workload === 'api' && kind === 'l7_response';
      return ![src_workload, dst_workload].includes('payment.stripe.com') && !isRequest;
    }),
    ...requests.filter((_, at) => at % 4 === 0),
    ...between('frontend', 'payment.stripe.com').map((row) => renamed(withEnd(row, 'src', endOf(fromApi, 'src')), 1n)),
    ...between('api', 'postgres').map((row) => renamed(withEnd(row, 'src', endOf(fromFrontend, 'src')), 2n)),
    ...between('api', 'postgres').map((row) => renamed(withEnd(row, 'dst', cache), 3n)),
  ].map((row) => renamed({ ...row, time: dayBefore(row.time) }, 4n));
}

/** The nanoseconds stay. */
function dayBefore(time: string): string {
  const moved = new Date(Date.parse(time.replace(/(\.\d{3})\d*Z$/, '$1Z')) - dayMs).toISOString();
  return moved.replace(/\.\d{3}Z$/, time.slice(time.indexOf('.')));
}

export async function importYesterday(stack: Stack, from: string): Promise<number> {
  const response = await fetch(`${stack.url}/api/v1/export?from=${from}&format=jsonl`);
  if (!response.ok) throw new Error(`export: ${response.status} ${await response.text()}`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  const rows = yesterdayOf(lines.map((line) => rowSchema.parse(JSON.parse(line))));
  const file = join(stack.dataDir, 'yesterday.jsonl');
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli/main.js', 'import', file], {
    env: { ...process.env, CLICKHOUSE_URL: await embeddedStoreUrl(stack) },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`import: ${stdout}${stderr}`);
  return rows.length;
}
