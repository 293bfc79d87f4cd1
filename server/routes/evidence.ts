/** What stands behind an answer, as the API tells it. */
import type { Evidence } from '../../model/api.ts';
import type { Read } from '../store.ts';

interface EvidenceFacts {
  readonly read: Read;
  readonly truncated: boolean;
  readonly elapsedMs: number;
  readonly limit: number;
  readonly coverage: Evidence['coverage'];
  readonly resolution?: Evidence['resolution'];
}

export function evidence({
  read,
  truncated,
  elapsedMs,
  limit,
  coverage,
  resolution = 'flows',
}: EvidenceFacts): Evidence {
  return { rowsRead: read.rows, bytesRead: read.bytes, elapsedMs, truncated, limit, resolution, coverage };
}
