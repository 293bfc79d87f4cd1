/**
 * Requests and what became of them, by who asked whom for what: HTTP and gRPC routes, DNS names, commands of databases,
 * caches and queues. An exchange that both ends report counts once: for each pair of workloads one end's account is taken.
 */
import { z } from 'zod';
import type { Filter } from '../../model/filter/ast.ts';
import type { FieldName } from '../../model/filter/fields.ts';
import type { ExchangeOrder, MapNode } from '../../model/api.ts';
import { nodeId } from '../../model/node-id.ts';
import type { StoreClient } from '../client.ts';
import { filterSql } from '../filter-sql.ts';
import { empty, join, param, sql, type Sql } from '../sql.ts';
import { fixed, reporterRank } from './edge-rows.ts';
import { latencyBucket, quantilesMs, slow95 } from './latency.ts';
import { inBuckets, inRange, type Range } from './range.ts';
import { readingsOf, type Reading } from './readings.ts';
import {
  asksOnly,
  bySource,
  piecesOf,
  resolutionOf,
  suffixes,
  type Piece,
  type Resolution,
  type SourcePieces,
} from './resolution.ts';
import { routeOfPath } from './route-template.ts';
import { runQuery, type Read } from './run.ts';
import { workloadNames } from './workload-names.ts';

export const exchangeTopics = ['routes', 'dns', 'commands'] as const;
export type ExchangeTopic = (typeof exchangeTopics)[number];

export interface ExchangesInput {
  readonly topic: ExchangeTopic;
  readonly range: Range;
  readonly filter: Filter;
  readonly order: ExchangeOrder;
  /** Most groups wanted. */
  readonly limit: number;
  /** Reads no rollup, to compare with. */
  readonly source?: 'flows';
}

type Workload = Omit<MapNode, 'addresses' | 'pods'>;

export interface ExchangeGroup {
  readonly source: Workload;
  readonly destination: Workload;
  /** Method and route; name and type; protocol, command and resource. */
  readonly what: readonly string[];
  readonly requests: number;
  readonly unanswered: number;
  readonly errors: number;
  /** Requests that an answer to another name made needless; DNS only. */
  readonly needless: number;
  /** HTTP status, DNS rcode, or the error as the server named it; most first. */
  readonly codes: readonly { readonly code: string; readonly count: number }[];
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
}

export interface ExchangesAnswer {
  readonly groups: readonly ExchangeGroup[];
  readonly totals: {
    readonly groups: number;
    readonly requests: number;
    readonly unanswered: number;
    readonly errors: number;
    readonly needless: number;
  };
  readonly truncated: boolean;
  readonly resolution: Resolution;
  readonly read: Read;
}

const mostGroups = 5000;

interface Topic {
  /** From `flows f`. */
  readonly what: string;
  readonly where: string;
  readonly errors: string;
  readonly codes: string;
  readonly rollup: {
    /** Without the suffix of its level. */
    readonly table: string;
    /** Fields it decides as every flow that went into it. */
    readonly known: readonly FieldName[];
    /** Its columns under the names that filters call them by. */
    readonly columns: string;
    readonly what: string;
    readonly errors: string;
    readonly codes: string;
  } | null;
}

const isExchange = `kind IN ('l7_request', 'l7_response')`;
const isAnswer = `kind = 'l7_response'`;
const isDnsError = (rcode: string): string => `${rcode} NOT IN ('', 'NOERROR', 'NXDOMAIN')`;

const topics: Readonly<Record<ExchangeTopic, Topic>> = {
  routes: {
    what: `[toString(http_method), ${routeOfPath}]`,
    where: `l7_type IN ('HTTP', 'GRPC') AND ${isExchange}`,
    errors: `countIf(${isAnswer} AND (http_status >= 500 OR grpc_status NOT IN ('', 'OK')))`,
    codes: `sumMapIf([toString(http_status)], [toUInt64(1)], ${isAnswer})`,
    rollup: {
      table: 'routes',
      known: ['http.method'],
      columns: 'method AS http_method',
      what: '[toString(http_method), route]',
      errors: 'errors',
      codes: '(arrayMap(status -> toString(status), statuses.1), statuses.2)',
    },
  },
  dns: {
    what: '[dns_name, toString(dns_type)]',
    where: `l7_type = 'DNS' AND ${isExchange}`,
    errors: `countIf(${isAnswer} AND ${isDnsError('dns_rcode')})`,
    codes: `sumMapIf([toString(dns_rcode)], [toUInt64(1)], ${isAnswer})`,
    rollup: {
      table: 'dns',
      known: ['dns.name', 'dns.type', 'dns.rcode'],
      columns: 'name AS dns_name, type AS dns_type, rcode AS dns_rcode',
      what: '[dns_name, toString(dns_type)]',
      errors: `if(${isDnsError('dns_rcode')}, toUInt64(requests - unanswered), 0)`,
      codes: `if(requests > unanswered, ([toString(dns_rcode)], [toUInt64(requests - unanswered)]),
        (emptyArrayString(), emptyArrayUInt64()))`,
    },
  },
  commands: {
    what: '[toString(l7_type), toString(l7_command), toString(l7_resource)]',
    where: `l7_type NOT IN ('', 'HTTP', 'GRPC', 'DNS', 'TLS') AND ${isExchange}`,
    errors: `countIf(${isAnswer} AND l7_error != '')`,
    codes: `sumMapIf([toString(l7_error)], [toUInt64(1)], ${isAnswer} AND l7_error != '')`,
    rollup: null,
  },
};

const knownToAll: readonly FieldName[] = ['ns', 'workload', 'kind', 'reporter', 'cluster'];

function piecesOfExchanges({ topic, range, filter, source }: ExchangesInput): readonly Piece[] {
  const { rollup } = topics[topic];
  if (source === 'flows' || rollup === null) return [{ from: 'flows', range }];
  return asksOnly(filter, new Set([...knownToAll, ...rollup.known]))
    ? piecesOf(range, ['hour', 'minute'])
    : [{ from: 'flows', range }];
}

export function readingsOfExchanges(input: ExchangesInput): readonly Reading[] {
  return readingsOf(topics[input.topic].rollup?.table ?? '', piecesOfExchanges(input));
}

function exchangesOf({ from, ranges }: SourcePieces, { topic, filter }: ExchangesInput): Sql {
  const { what, where, errors, codes, rollup } = topics[topic];
  if (from === 'flows' || rollup === null) {
    return sql`
    SELECT cluster, src_workload_id, dst_workload_id, reporter, ${fixed(what)} AS what,
      count() AS requests, countIf(NOT (${fixed(isAnswer)})) AS unanswered, ${fixed(errors)} AS errors,
      ${fixed(codes)} AS codes,
      sumMapIf([${latencyBucket}], [toUInt64(1)], ${fixed(isAnswer)}) AS latency
    FROM flows AS f
    WHERE ${inRange(...ranges)} AND ${fixed(where)} AND ${filterSql(filter)}
    GROUP BY cluster, src_workload_id, dst_workload_id, reporter, what`;
  }
  return sql`
    SELECT cluster, src_workload_id, dst_workload_id, reporter, ${fixed(rollup.what)} AS what,
      requests, unanswered, ${fixed(rollup.errors)} AS errors,
      ${fixed(rollup.codes)} AS codes,
      latency
    FROM (
      SELECT *, ${fixed(rollup.columns)}
      FROM ${fixed(`${rollup.table}_${suffixes[from]}`)} AS e
      WHERE ${inBuckets(...ranges)}
    )
    WHERE ${filterSql(filter)}`;
}

const orders: Readonly<Record<ExchangeOrder, Sql>> = {
  requests: empty,
  failing: sql`errors + unanswered DESC, `,
  slowest: sql`slow DESC, `,
};

/**
 * One account of each pair of workloads, added up by what was asked for. Reading the accounts twice costs a part of what a
 * window over them does, which would have to sort them.
 */
function grouped(input: ExchangesInput): Sql {
  const exchanges = join(
    bySource(piecesOfExchanges(input)).map((piece) => exchangesOf(piece, input)),
    '\n    UNION ALL',
  );
  const rank = fixed(reporterRank);
  return sql`
    SELECT
      cluster, src_workload_id AS from_key, dst_workload_id AS to_key, what,
      sum(parts.requests) AS requests, sum(parts.unanswered) AS unanswered, sum(parts.errors) AS errors,
      sumMap(parts.codes.1, parts.codes.2) AS codes, sumMap(parts.latency.1, parts.latency.2) AS latency
    FROM (
      SELECT *, ${rank}
      FROM (${exchanges}
      )
    ) AS parts
    LEFT ANY JOIN (
      SELECT cluster, src_workload_id, dst_workload_id, min(rank) AS best
      FROM (
        SELECT cluster, src_workload_id, dst_workload_id, ${rank}
        FROM (${exchanges}
        )
      )
      GROUP BY cluster, src_workload_id, dst_workload_id
    ) AS ranks USING (cluster, src_workload_id, dst_workload_id)
    WHERE rank = best
    GROUP BY cluster, from_key, to_key, what`;
}

const count = (code: string): Sql => sql`codes.2[indexOf(codes.1, ${param.string(code)})]`;

/**
 * Questions that went through a resolver's search domains: NXDOMAIN for a name that begins with one that the same client
 * was given an answer to. `api.example.org.shop.svc.cluster.local` is one when `api.example.org` has an address.
 */
function needlessOf(input: ExchangesInput): Sql {
  if (input.topic !== 'dns') return sql`toUInt64(0)`;
  const names = sql`
        SELECT cluster, from_key, what[1] AS name, sum(${count('NOERROR')}) AS found, sum(${count('NXDOMAIN')}) AS missed
        FROM (${grouped(input)}
        )
        GROUP BY cluster, from_key, name`;
  return sql`if((cluster, from_key, what[1]) IN (
      SELECT cluster, from_key, name
      FROM (
        SELECT cluster, from_key, name, arrayJoin(arrayMap(
          labels -> arrayStringConcat(arraySlice(splitByChar('.', name), 1, labels), '.'),
          range(1, length(splitByChar('.', name))))) AS meant
        FROM (${names}
        )
        WHERE missed > 0 AND found = 0
      )
      WHERE (cluster, from_key, meant) IN (SELECT cluster, from_key, name FROM (${names}
      ) WHERE found > 0)
    ), ${count('NXDOMAIN')}, 0)`;
}

export function buildExchanges(input: ExchangesInput): Sql {
  const order = sql`${orders[input.order]}requests DESC, what, from_key, to_key`;
  return sql`
SELECT
  exchanges.cluster AS cluster, what,
  [from_names.namespace, from_names.kind, from_names.name] AS source,
  [to_names.namespace, to_names.kind, to_names.name] AS destination,
  [exchanges.requests, exchanges.unanswered, exchanges.errors, exchanges.needless] AS sums, codes, latency, totals
FROM (
  SELECT
    cluster, from_key, to_key, what, requests, unanswered, errors, codes, latency,
    ${needlessOf(input)} AS needless,
    ${slow95(sql`latency`)} AS slow,
    [count() OVER (), sum(requests) OVER (), sum(unanswered) OVER (), sum(errors) OVER (),
      sum(needless) OVER ()] AS totals
  FROM (${grouped(input)}
  )
  ORDER BY ${order}
  LIMIT ${param.uint32(input.limit)}
) AS exchanges
LEFT JOIN (${workloadNames}
) AS from_names ON from_names.id = from_key
LEFT JOIN (${workloadNames}
) AS to_names ON to_names.id = to_key
ORDER BY ${order}
LIMIT ${param.uint32(input.limit)}`;
}

const big = z.string().regex(/^\d+$/);
const workload = z.tuple([z.string(), z.string(), z.string()]);
const exchangeRowSchema = z.object({
  cluster: z.string(),
  what: z.array(z.string()),
  source: workload,
  destination: workload,
  sums: z.tuple([big, big, big, big]),
  codes: z.tuple([z.array(z.string()), z.array(big)]),
  latency: z.tuple([z.array(z.number()), z.array(big)]),
  totals: z.tuple([big, big, big, big, big]),
});
type ExchangeRow = z.infer<typeof exchangeRowSchema>;

export async function queryExchanges(
  client: StoreClient,
  input: ExchangesInput,
  signal: AbortSignal,
): Promise<ExchangesAnswer> {
  const wanted = { ...input, limit: Math.min(input.limit, mostGroups) };
  const { rows, read } = await runQuery(client, buildExchanges(wanted), exchangeRowSchema, signal);
  const [groups = 0, requests = 0, unanswered = 0, errors = 0, needless = 0] = (rows[0]?.totals ?? []).map(Number);
  return {
    groups: rows.map(groupOf),
    totals: { groups, requests, unanswered, errors, needless },
    truncated: rows.length < groups,
    resolution: resolutionOf(piecesOfExchanges(wanted)),
    read,
  };
}

function workloadOf(cluster: string, [namespace, kind, name]: ExchangeRow['source']): Workload {
  return { id: nodeId(cluster, namespace, kind, name), cluster, namespace, kind, name };
}

function groupOf(row: ExchangeRow): ExchangeGroup {
  const [requests, unanswered, errors, needless] = row.sums;
  const [codes, counts] = row.codes;
  return {
    source: workloadOf(row.cluster, row.source),
    destination: workloadOf(row.cluster, row.destination),
    what: row.what,
    requests: Number(requests),
    unanswered: Number(unanswered),
    errors: Number(errors),
    needless: Number(needless),
    codes: codes
      .map((code, i) => ({ code, count: Number(counts[i] ?? 0) }))
      .sort((left, right) => right.count - left.count),
    latencyMs: quantilesMs(row.latency),
  };
}
