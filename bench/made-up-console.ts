/** The built page and server over an embedded store with a quarter of an hour of made-up traffic that came in through the writer. */
import { migrate } from '../db/migrations/migrate.ts';
import type { ClusterSize } from './generate-flows.ts';
import { insertTraffic, quietLog } from './inserts.ts';
import { startServer } from './server-process.ts';
import { startStore } from './store-process.ts';

/** What was built: db/embedded/main.js, server/main.js, and the directory that `next build` exported. */
export interface Entries {
  readonly store: string;
  readonly server: string;
  readonly app: string;
}

export interface MadeUpConsole {
  readonly url: string;
  readonly storeUrl: string;
  /** Query of a page that shows all of it. */
  readonly search: string;
  stop(): Promise<void>;
}

const spanMs = 15 * 60_000;

export async function startMadeUpConsole(entries: Entries, size: ClusterSize, rows: number): Promise<MadeUpConsole> {
  const store = await startStore(entries.store);
  try {
    await migrate(store.url, { log: quietLog });
    const toMs = Math.floor(Date.now() / 60_000) * 60_000;
    const range = { fromMs: toMs - spanMs, toMs };
    await insertTraffic(store.url, range, rows, size);
    const server = await startServer(entries.server, entries.app, store.url);
    return {
      url: server.url,
      storeUrl: store.url,
      search: `?from=${range.fromMs}&to=${range.toMs}`,
      async stop() {
        await server.stop();
        await store.stop();
      },
    };
  } catch (error) {
    await store.stop();
    throw error;
  }
}
