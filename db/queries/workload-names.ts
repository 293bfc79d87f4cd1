/** What workloads are called, by their ids, for joining names to what was added up by number. */
import { sql, type Sql } from '../sql.ts';

export const workloadNames: Sql = sql`
    SELECT id, any(namespace) AS namespace, any(kind) AS kind, any(name) AS name
    FROM workloads
    GROUP BY id`;
