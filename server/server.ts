/** The server as one component: migrates the store, feeds the live streams, answers HTTP. */
import type { FastifyBaseLogger } from 'fastify';
import type { Retention } from '../db/retention/retention.ts';
import { type ServerConfig, shownUrl } from './config.ts';
import { createApp } from './app.ts';
import { createFeed } from './live/feed.ts';
import { createMetrics } from './metrics.ts';
import { createSchema } from './schema.ts';
import { type Site, loadSite } from './static/site.ts';
import type { Store } from './store.ts';

export interface ServerDeps {
  /** `schemaMissing` is to be called when the store lacks a table. */
  readonly openStore: (schemaMissing: () => void) => Store & { close(): Promise<void> };
  readonly migrate: () => Promise<void>;
  readonly retention: Retention;
  readonly clock: { now(): number };
  readonly log: FastifyBaseLogger;
}

export interface Server {
  /** Resolves with the URL once it answers; fails when the address cannot be listened on. */
  start(signal: AbortSignal): Promise<{ readonly url: string }>;
  stop(): Promise<void>;
}

/** Answers under way have this long to get out; what stays open after it is a client that keeps its connection. */
const closeGraceMs = 500;
/** A missing user interface is looked for again after this long. */
const siteRetryMs = 2000;

export function createServer(config: ServerConfig, deps: ServerDeps): Server {
  const { clock, log, retention } = deps;
  const stopping = new AbortController();
  const schema = createSchema({ firstDelayMs: 500, maxDelayMs: 5000 }, { migrate: deps.migrate, log });
  const store = deps.openStore(schema.missing);
  const feed = createFeed({ pollMs: 1000, maxRows: 2000 }, { store, clock, log });
  const app = createApp({
    store,
    feed,
    metrics: createMetrics(retention.state),
    clock,
    log,
    stopping: stopping.signal,
    facts: {
      version: config.version,
      storeUrl: shownUrl(config.storeUrl),
      storeEmbedded: config.storeEmbedded,
      schemaProblem: schema.problem,
      retention: retention.state,
    },
    basePath: config.basePath,
    hosts: { listenHost: config.listen.host, allowed: config.allowedHosts },
    site: createSiteSource(config.appDirectory, config.basePath, clock),
  });

  return {
    async start(signal) {
      schema.start(signal);
      feed.start(signal);
      retention.start(signal);
      const url = await app.listen(config.listen);
      return { url: `${url}${config.basePath}` };
    },
    async stop() {
      stopping.abort();
      await Promise.all([feed.stop(), schema.stop(), retention.stop()]);
      const grace = setTimeout(() => app.server.closeAllConnections(), closeGraceMs);
      await app.close();
      clearTimeout(grace);
      await store.close();
    },
  };
}

function createSiteSource(
  directory: string | null,
  basePath: string,
  clock: { now(): number },
): () => Promise<Site | null> {
  let loaded: Promise<Site | null> | null = null;
  let triedMs = 0;
  return async () => {
    if (directory === null) return null;
    const attempt = loaded ?? loadSite(directory, basePath);
    if (loaded === null) triedMs = clock.now();
    loaded = attempt;
    const site = await attempt;
    if (site === null && clock.now() - triedMs > siteRetryMs) loaded = null;
    return site;
  };
}
