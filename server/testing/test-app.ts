/** The HTTP application around a fake store, for `inject`. */
import { pino } from 'pino';
import { createApp, type AppDeps } from '../app.ts';
import type { Feed } from '../live/feed.ts';
import { createMetrics } from '../metrics.ts';
import { fakeStore } from './fake-store.ts';

/** 2026-11-23T12:00:00Z. */
export const nowMs = Date.UTC(2026, 10, 23, 12);

const silentFeed: Feed = { start: () => undefined, stop: () => Promise.resolve(), subscribe: () => () => undefined };

export function testApp(of: Partial<AppDeps> = {}): ReturnType<typeof createApp> {
  return createApp({
    store: fakeStore(),
    feed: silentFeed,
    metrics: createMetrics(),
    clock: { now: () => nowMs },
    stopping: new AbortController().signal,
    facts: {
      version: '0.1.0',
      storeUrl: 'http://127.0.0.1:8123/palomar',
      storeEmbedded: true,
      schemaProblem: () => null,
    },
    hosts: { listenHost: '127.0.0.1', allowed: [] },
    log: pino({ level: 'silent' }),
    site: () => Promise.resolve(null),
    ...of,
  });
}
