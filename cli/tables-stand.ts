/** Waits for the schema, which the collector makes: a page that is opened at "ready" is to find its tables. */
import { setTimeout as sleep } from 'node:timers/promises';

import { errorSchema } from '../model/api.ts';

const patienceMs = 15_000;
const pauseMs = 200;

export interface TablesStandDeps {
  readonly fetch: typeof fetch;
  readonly pause: (ms: number) => Promise<unknown>;
}

/**
 * Resolves with whether the server at `url` can answer; false after 15 s, as with a store that is away: the page tells of
 * that itself.
 */
export async function tablesStand(url: string, deps: TablesStandDeps = { fetch, pause: sleep }): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pauseMs) {
    const response = await deps.fetch(new URL('/api/v1/map?from=now-1m&limit=1', url));
    if (response.ok) return true;
    const refused = errorSchema.safeParse(await response.json());
    if (!refused.success || refused.data.error.code !== 'store_unavailable') return false;
    await deps.pause(pauseMs);
  }
  return false;
}
