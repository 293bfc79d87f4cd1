/** Runs a built query: limits its time and memory, checks its rows, and tells what was read for it. */
import { z } from 'zod';
import type { StoreClient } from '../client.ts';
import type { Sql } from '../sql.ts';

/** What the store read for an answer. */
export interface Read {
  readonly rows: number;
  readonly bytes: string;
}

export function addRead(left: Read, right: Read): Read {
  return { rows: left.rows + right.rows, bytes: String(BigInt(left.bytes) + BigInt(right.bytes)) };
}

export interface Rows<T> {
  readonly rows: readonly T[];
  readonly read: Read;
}

const maxExecutionSeconds = 20;
const maxMemoryBytes = 3 * 2 ** 30;

const envelopeSchema = z.object({
  data: z.array(z.unknown()),
  statistics: z.object({ rows_read: z.number(), bytes_read: z.number() }),
});

/** Throws what the store or the row schema says; ends early when `signal` does. */
export async function runQuery<T>(
  client: StoreClient,
  query: Sql,
  row: z.ZodType<T>,
  signal: AbortSignal,
): Promise<Rows<T>> {
  // The client looks at a signal only from the request on.
  signal.throwIfAborted();
  const answer = await client.query({
    query: query.text,
    query_params: query.params,
    format: 'JSON',
    abort_signal: signal,
    clickhouse_settings: {
      // A server looks whether the client is still there only where nothing can be changed.
      readonly: '2',
      cancel_http_readonly_queries_on_client_close: 1,
      max_execution_time: maxExecutionSeconds,
      timeout_overflow_mode: 'throw',
      max_memory_usage: String(maxMemoryBytes),
      max_bytes_before_external_group_by: String(maxMemoryBytes / 3),
    },
  });
  const { data, statistics } = envelopeSchema.parse(await answer.json());
  return {
    rows: z.array(row).parse(data),
    read: { rows: statistics.rows_read, bytes: String(statistics.bytes_read) },
  };
}
