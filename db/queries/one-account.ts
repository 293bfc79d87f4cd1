/**
 * Two nodes may both report what is between two ends, and it is to count once. For each edge one reporter's account is
 * taken: the source's if there is one, else the destination's; separately of connections and of requests.
 */
import { fixed, reporterRank, type EdgeColumn } from './edge-rows.ts';
import { sql, type Sql } from '../sql.ts';

/** Rows of edges with both ends, who opens conversations first, and the order of their reporters. */
export function withEnds(edges: Sql): Sql {
  return sql`
      SELECT *, if(is_turned, dst_key, src_key) AS from_key, if(is_turned, src_key, dst_key) AS to_key, ${fixed(reporterRank)}
      FROM (${edges}
      )`;
}

/**
 * The same, and whether they are of the account that `counts` (connections, bytes) and of the one that `answers`
 * (requests). `edges` makes rows of edges with the columns asked for. Reading them twice costs a quarter of what a window
 * over them does, which would have to sort them.
 */
export function oneAccount(edges: (columns: readonly EdgeColumn[]) => Sql, columns: readonly EdgeColumn[]): Sql {
  return sql`
    SELECT edges.*, rank = count_rank AS counts, rank = answer_rank AS answers
    FROM (${withEnds(edges(columns))}
    ) AS edges
    LEFT ANY JOIN (
      SELECT cluster, from_key, to_key, minIf(rank, counted > 0) AS count_rank, minIf(rank, requests > 0) AS answer_rank
      FROM (${withEnds(edges(['counted', 'requests']))}
      )
      GROUP BY cluster, from_key, to_key
    ) AS ranks USING (cluster, from_key, to_key)`;
}
