import { describe, expect, it, vi } from 'vitest';
import { StoreError } from '../failure.ts';
import type { LiveAnswer, LiveMark, Store } from '../store.ts';
import { aRow, fakeStore } from '../testing/fake-store.ts';
import { type Batch, type Feed, createFeed } from './feed.ts';

const nothing = { info: () => undefined, warn: () => undefined };

function startFeed(store: Store): { feed: Feed; stop: () => Promise<void> } {
  const feed = createFeed({ pollMs: 1, maxRows: 10 }, { store, clock: { now: () => Date.now() }, log: nothing });
  feed.start(new AbortController().signal);
  return { feed, stop: () => feed.stop() };
}

function collector() {
  const batches: Batch[] = [];
  const problems: string[] = [];
  return {
    batches,
    problems,
    client: {
      take: (batch: Batch) => void batches.push(batch),
      problem: (message: string) => void problems.push(message),
    },
  };
}

describe('the live feed', () => {
  it('does not ask the store while nobody listens, and asks once for two who do', async () => {
    const live = vi.fn(() => Promise.resolve<LiveAnswer>({ rows: [], mark: '1', skipped: 0 }));
    const { feed, stop } = startFeed(fakeStore({ live }));
    await new Promise((done) => setTimeout(done, 120));
    expect(live).not.toHaveBeenCalled();
    const one = collector();
    const two = collector();
    const ends = [feed.subscribe(one.client), feed.subscribe(two.client)];
    await vi.waitFor(() => expect(two.batches.length).toBeGreaterThan(1));
    for (const end of ends) end();
    const calls = live.mock.calls.length;
    expect(one.batches.length).toBeLessThanOrEqual(calls);
    await new Promise((done) => setTimeout(done, 150));
    expect(live.mock.calls.length).toBeLessThanOrEqual(calls + 1);
    await stop();
  });

  it('begins at the moment of the first listener and goes on from mark to mark', async () => {
    const marks: (LiveMark | null)[] = [];
    const { feed, stop } = startFeed(
      fakeStore({
        live: (mark) => {
          marks.push(mark);
          const rows = mark === null ? [] : [aRow({ id: mark, time: '2026-11-23T12:00:05.5Z' })];
          return Promise.resolve({ rows, mark: String(marks.length), skipped: 2 });
        },
        newestFlowMs: () => Promise.resolve(Date.UTC(2026, 10, 23, 12)),
      }),
    );
    const { client, batches } = collector();
    feed.subscribe(client);
    await vi.waitFor(() => expect(batches.length).toBeGreaterThan(1));
    await stop();
    expect(marks.slice(0, 2)).toEqual([null, '1']);
    expect(batches[0]).toMatchObject({ rows: 2, skipped: 2, newestFlowMs: Date.UTC(2026, 10, 23, 12) });
    expect(batches[1]).toMatchObject({ rows: 3, newestFlowMs: Date.UTC(2026, 10, 23, 12, 0, 5, 500) });
    expect(batches[1]?.flows().map((flow) => flow.id)).toEqual(['1']);
  });

  it('tells of an outage, keeps its place and goes on', async () => {
    let call = 0;
    const marks: (LiveMark | null)[] = [];
    const { feed, stop } = startFeed(
      fakeStore({
        live: (mark) => {
          marks.push(mark);
          if (++call === 2) return Promise.reject(new StoreError('store_unavailable', 'the store is away'));
          return Promise.resolve({ rows: [], mark: `m${call}`, skipped: 0 });
        },
      }),
    );
    const { client, batches, problems } = collector();
    feed.subscribe(client);
    await vi.waitFor(() => expect(batches.length).toBeGreaterThan(1));
    await stop();
    expect(problems).toEqual(['the store is away']);
    expect(marks.slice(0, 3)).toEqual([null, 'm1', 'm1']);
  });

  it('is gone after stop', async () => {
    const live = vi.fn(() => Promise.resolve<LiveAnswer>({ rows: [], mark: '1', skipped: 0 }));
    const { feed, stop } = startFeed(fakeStore({ live }));
    feed.subscribe(collector().client);
    await vi.waitFor(() => expect(live).toHaveBeenCalled());
    await stop();
    const calls = live.mock.calls.length;
    await new Promise((done) => setTimeout(done, 150));
    expect(live.mock.calls.length).toBe(calls);
  });
});
