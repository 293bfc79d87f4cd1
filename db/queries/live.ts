/**
 * Rows in the order in which they arrived. A batch becomes visible some time after its rows got their arrival time, so
 * each look goes back a little and leaves out what was already seen.
 */
import { z } from 'zod';
import type { FlowRow } from '../../model/flow-row.ts';
import type { StoreClient } from '../client.ts';
import { param, sql, type Sql } from '../sql.ts';
import { withEndpoints } from './endpoints.ts';
import { storedFlowColumns, storedFlowSchema } from './flow-row-schema.ts';
import { runQuery } from './run.ts';

export interface LiveAnswer {
  /** Oldest first. */
  readonly rows: readonly FlowRow[];
  /** Give it back for what arrives next. */
  readonly mark: string;
  /** Rows that arrived but did not fit the limit: the oldest ones. */
  readonly skipped: number;
}

/** How long an insert may take and its rows still be found. */
const overlapMs = 3000;
/** Past this the overlap gets shorter. */
const maxSeen = 20_000;

/** Everything that arrived up to `fromMs` was seen, and after it these: id and arrival. */
const markSchema = z.object({ fromMs: z.number(), seen: z.array(z.tuple([z.string(), z.number()])) });
export type Mark = z.infer<typeof markSchema>;

const liveRowSchema = storedFlowSchema.and(z.object({ ingested_ms: z.string() }));
type LiveRow = z.infer<typeof liveRowSchema>;

/** Only arrivals count; the bound on `time` lets the store skip days that cannot hold any. */
function arrived({ fromMs, seen }: Mark): Sql {
  const isNew = seen.length === 0 ? sql`1` : sql`id NOT IN ${param.uint64s(seen.map(([id]) => BigInt(id)))}`;
  const after = sql`fromUnixTimestamp64Milli(${param.int64(BigInt(fromMs))}, 'UTC')`;
  return sql`time > now64(9) - INTERVAL 1 DAY AND ingested > ${after} AND ${isNew}`;
}

export function buildLive(mark: Mark, limit: number): Sql {
  return sql`
SELECT ${storedFlowColumns}, toUnixTimestamp64Milli(ingested) AS ingested_ms
FROM flows
WHERE ${arrived(mark)}
ORDER BY ingested DESC, time DESC, id DESC
LIMIT ${param.uint32(limit)}`;
}

function buildCount(mark: Mark): Sql {
  return sql`SELECT count() AS arrived FROM flows WHERE ${arrived(mark)}`;
}

/** With no mark the answer is empty, and its mark is this moment. */
export async function queryLive(
  client: StoreClient,
  since: string | null,
  limit: number,
  signal: AbortSignal,
): Promise<LiveAnswer> {
  if (since === null) {
    const now = sql`SELECT toUnixTimestamp64Milli(now64(3)) AS now_ms`;
    const { rows } = await runQuery(client, now, z.object({ now_ms: z.string() }), signal);
    return { rows: [], mark: JSON.stringify({ fromMs: Number(rows[0]?.now_ms), seen: [] }), skipped: 0 };
  }
  const mark = markSchema.parse(JSON.parse(since));
  const { rows, read } = await runQuery(client, buildLive(mark, limit), liveRowSchema, signal);
  const isFull = rows.length === limit;
  const skipped = isFull ? Math.max(0, (await countArrived(client, mark, signal)) - limit) : 0;
  const next = nextMark(mark, rows, skipped > 0);
  const joined = await withEndpoints(client, rows.toReversed(), read, signal);
  return { rows: joined.rows, mark: JSON.stringify(next), skipped };
}

async function countArrived(client: StoreClient, mark: Mark, signal: AbortSignal): Promise<number> {
  const { rows } = await runQuery(client, buildCount(mark), z.object({ arrived: z.string() }), signal);
  return Number(rows[0]?.arrived ?? 0);
}

/** `rows` are the newest first. What was skipped is not looked for again. */
export function nextMark(mark: Mark, rows: readonly Pick<LiveRow, 'id' | 'ingested_ms'>[], hasSkipped: boolean): Mark {
  const newest = Math.max(mark.fromMs, ...rows.slice(0, 1).map((row) => Number(row.ingested_ms)));
  if (hasSkipped) return { fromMs: newest, seen: [] };
  const fromMs = Math.max(mark.fromMs, newest - overlapMs);
  const found = rows.map((row): [string, number] => [row.id, Number(row.ingested_ms)]);
  const seen = [...found, ...mark.seen].filter(([, ms]) => ms > fromMs).sort(([, a], [, b]) => b - a);
  const [, cutMs = fromMs] = seen[maxSeen] ?? [];
  return { fromMs: cutMs, seen: seen.filter(([, ms]) => ms > cutMs) };
}
