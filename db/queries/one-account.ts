/**
 * Two nodes may both report what is between two ends, and it is to count once. For each edge one reporter's account is
 * taken: the source's if there is one, else the destination's; separately of connections and of requests.
 */
import { fixed, type EdgeColumn } from './edge-rows.ts';
import { sql, type Sql } from '../sql.ts';

/** Of rows of edges: both ends, who opens conversations first, and the order of their reporters. */
const keys = fixed(`if(is_turned, dst_key, src_key) AS from_key, if(is_turned, src_key, dst_key) AS to_key,
        if(reporter = 'unknown', 3, toUInt8(reporter)) AS rank`);

/**
 * Rows of edges with `from_key`, `to_key` and whether they are of the account that `counts` (connections, bytes) and of
 * the one that `answers` (requests). `edges` makes such rows with the columns asked for. Reading them twice costs a
 * quarter of what a window over them does, which would have to sort them.
 */
export function oneAccount(edges: (columns: readonly EdgeColumn[]) => Sql, columns: readonly EdgeColumn[]): Sql {
  return sql`
    SELECT edges.*, rank = count_rank AS counts, rank = answer_rank AS answers
    FROM (
      SELECT *, ${keys}
      FROM (${edges([...new Set([...columns, 'counted', 'requests'] as const)])}
      )
    ) AS edges
    LEFT ANY JOIN (
      SELECT cluster, from_key, to_key, minIf(rank, counted > 0) AS count_rank, minIf(rank, requests > 0) AS answer_rank
      FROM (
        SELECT *, ${keys}
        FROM (${edges(['counted', 'requests'])}
        )
      )
      GROUP BY cluster, from_key, to_key
    ) AS ranks USING (cluster, from_key, to_key)`;
}
