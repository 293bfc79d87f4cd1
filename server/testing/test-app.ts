/** The HTTP application around a fake store, for `inject`. */
import { pino } from 'pino';
import type { RetentionState } from '../../db/retention/retention.ts';
import { createApp, type AppDeps } from '../app.ts';
import type { Feed } from '../live/feed.ts';
import { createMetrics } from '../metrics.ts';
import { fakeStore } from './fake-store.ts';

/** 2026-11-23T12:00:00Z. */
export const nowMs = Date.UTC(2026, 10, 23, 12);

export const aRetention = (): RetentionState => ({
  ages: [{ table: 'flows', from: 'toDateTime(time)', days: 14 }],
  diskPercent: 85,
  dropped: { partitions: 0, rows: 0, bytes: 0, lastMs: null },
  problem: null,
});

const silentFeed: Feed = { start: () => undefined, stop: () => Promise.resolve(), subscribe: () => () => undefined };

export function testApp(of: Partial<AppDeps> = {}): ReturnType<typeof createApp> {
  return createApp({
    store: fakeStore(),
    feed: silentFeed,
    metrics: createMetrics(aRetention),
    clock: { now: () => nowMs },
    stopping: new AbortController().signal,
    facts: {
      version: '0.1.0',
      storeUrl: 'http://127.0.0.1:8123/palomar',
      storeEmbedded: true,
      schemaProblem: () => null,
      retention: aRetention,
    },
    hosts: { listenHost: '127.0.0.1', allowed: [] },
    basePath: '',
    log: pino({ level: 'silent' }),
    site: () => Promise.resolve(null),
    ...of,
  });
}
