/** What capture saw and lost in a range, and when a node reported nothing. */
import { z } from 'zod';
import type { Evidence } from '../../model/api.ts';
import type { StoreClient } from '../client.ts';
import { join, param, sql, type Sql } from '../sql.ts';
import { inBuckets, inRange, type Range } from './range.ts';
import { bySource, piecesOf } from './resolution.ts';
import { runQuery } from './run.ts';

/** Counted, but no loss: what was seen, what never was traffic to record, what is left out on purpose. */
const notLosses = new Set([
  'packets_seen',
  'packets_unparsed',
  'drops_filtered',
  'l7_truncated',
  'dns_repeated_queries',
  'http_bodies_skipped',
]);

const maxCounters = 200;
const maxGaps = 1000;
/** Nodes are looked for this far around the range, so that one that was silent throughout is missed. */
const aroundMs = 3_600_000;
/** At the end of the range the next report may be late by as much as its interval, and by this: see db/writer.ts. */
const graceMs = 5000;
/** Between two reports: what a corrected clock may shift. More is a collector that was away. */
const clockMs = 200;
/** The same where a report says its length in whole `seconds` only, as those of the first releases. */
const roundingMs = 600;

/** Reports of the range: by whole hours where it has such, for those are kept longer than the reports themselves. */
function reports(range: Range): Sql {
  const pieces = bySource(piecesOf(range, ['hour'])).map(({ from, ranges }) =>
    from === 'flows'
      ? sql`
    SELECT node, counter, value
    FROM coverage
    WHERE ${inRange(...ranges)}`
      : sql`
    SELECT node, counter, value
    FROM coverage_1h
    WHERE ${inBuckets(...ranges)}`,
  );
  return join(pieces, '\n    UNION ALL');
}

export function buildCounters(range: Range): Sql {
  return sql`
SELECT counter, sum(value) AS total
FROM (${reports(range)}
)
GROUP BY counter
HAVING total > 0
ORDER BY counter
LIMIT ${param.uint32(maxCounters)}`;
}

/**
 * Intervals without a report, per node. Each report covers the `milliseconds` before its time; two imaginary reports stand
 * at the ends of the range, so that silence there counts too.
 */
export function buildGaps(range: Range): Sql {
  const from = param.dateTime64Ms(range.fromMs);
  const to = param.dateTime64Ms(range.toMs);
  const around = { fromMs: Math.max(0, range.fromMs - aroundMs), toMs: range.toMs + aroundMs };
  return sql`
SELECT
  node,
  toUnixTimestamp64Milli(greatest(previous, ${from})) AS from_ms,
  toUnixTimestamp64Milli(least(covered_from, ${to})) AS to_ms
FROM
(
  SELECT
    cluster, node, covered_from,
    lagInFrame(toNullable(time)) OVER reports AS previous,
    if(
      is_edge OR lagInFrame(is_edge) OVER reports,
      greatest(grace_ms, lagInFrame(grace_ms) OVER reports),
      between_ms
    ) AS allowed_ms
  FROM
  (
    SELECT cluster, node, time, max(milliseconds) AS exact_ms, if(exact_ms > 0, exact_ms, 1000 * max(seconds)) AS length_ms,
      length_ms + ${param.uint32(graceMs)} AS grace_ms,
      if(exact_ms > 0, ${param.uint32(clockMs)}, ${param.uint32(roundingMs)}) AS between_ms,
      time - toIntervalMillisecond(length_ms) AS covered_from, 0 AS is_edge
    FROM coverage
    WHERE ${inRange(around)}
    GROUP BY cluster, node, time
    UNION ALL
    SELECT DISTINCT cluster, node, arrayJoin([${from}, least(${to}, now64(9, 'UTC'))]) AS time,
      0 AS exact_ms, 0 AS length_ms, ${param.uint32(graceMs)} AS grace_ms, 0 AS between_ms, time AS covered_from, 1 AS is_edge
    FROM coverage
    WHERE ${inRange(around)}
  )
  WINDOW reports AS (PARTITION BY cluster, node ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
WHERE previous IS NOT NULL AND covered_from > previous + toIntervalMillisecond(allowed_ms)
  AND covered_from > ${from} AND previous < ${to}
ORDER BY from_ms, node
LIMIT ${param.uint32(maxGaps)}`;
}

function buildNodes(range: Range): Sql {
  return sql`
SELECT DISTINCT node
FROM (${reports(range)}
)
ORDER BY node
LIMIT ${param.uint32(maxGaps)}`;
}

export async function queryCoverage(
  client: StoreClient,
  range: Range,
  signal: AbortSignal,
): Promise<Evidence['coverage']> {
  const counterRow = z.object({ counter: z.string(), total: z.string() });
  const gapRow = z.object({ node: z.string(), from_ms: z.string(), to_ms: z.string() });
  const [counters, gaps, nodes] = await Promise.all([
    runQuery(client, buildCounters(range), counterRow, signal),
    runQuery(client, buildGaps(range), gapRow, signal),
    runQuery(client, buildNodes(range), z.object({ node: z.string() }), signal),
  ]);
  const totals = new Map(counters.rows.map(({ counter, total }) => [counter, Number(total)]));
  return {
    lost: Object.fromEntries([...totals].filter(([counter]) => !notLosses.has(counter))),
    packetsSeen: totals.get('packets_seen') ?? 0,
    gaps: gaps.rows.map((gap) => ({ node: gap.node, fromMs: Number(gap.from_ms), toMs: Number(gap.to_ms) })),
    nodes: nodes.rows.map(({ node }) => node),
  };
}
