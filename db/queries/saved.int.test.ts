/** Saved items on the embedded store: texts come back as they were, the newest counts, a removed one is gone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SavedItem } from '../../model/api.ts';
import { createStoreClient, type StoreClient } from '../client.ts';
import { startEmbeddedStore, whyNoEngine, type RunningStore } from '../embedded/testing.ts';
import { migrate } from '../migrations/migrate.ts';
import { querySaved, writeSaved } from './saved.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const { signal } = new AbortController();
const text = `it's "known"\\n\n\t{p0:String} 'zoë' \u0000 -- ; DROP TABLE saved_items`;

describe.skipIf(whyNoEngine() !== null)('saved items', () => {
  const directory = mkdtempSync(join(tmpdir(), 'palomar-saved-'));
  let store: RunningStore;
  let client: StoreClient;

  beforeAll(async () => {
    store = await startEmbeddedStore(directory);
    client = createStoreClient(store.url);
    await migrate(store.url, { log: quiet });
  });
  afterAll(async () => {
    await client.close();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const write = (item: SavedItem, isRemoved = false): Promise<void> => writeSaved(client, item, isRemoved, signal);
  const all = async (): Promise<SavedItem[]> =>
    (await querySaved(client, signal)).map(({ kind, id, text, place }) => ({ kind, id, text, place }));

  it('come back as they were, the latest first, also after the schema was made again', async () => {
    const known: SavedItem = { kind: 'known', id: `drop ${text}`, text, place: '' };
    const filter: SavedItem = { kind: 'filter', id: 'f', text: 'five', place: `path:"${text}"` };
    await write(known);
    await write(filter);
    await migrate(store.url, { log: quiet });
    expect(await all()).toEqual([filter, known]);
    await write({ ...known, text: 'mended on Friday' });
    expect(await all()).toEqual([{ ...known, text: 'mended on Friday' }, filter]);
    await write(filter, true);
    expect(await all()).toEqual([{ ...known, text: 'mended on Friday' }]);
    await write({ ...filter, kind: 'view', place: '/flows' });
    expect((await all()).map(({ kind }) => kind)).toEqual(['view', 'known']);
  });

  it('say when they were saved by the clock of the store', async () => {
    const before = Date.now();
    await write({ kind: 'view', id: 'now', text: 'now', place: '/' });
    const [latest] = await querySaved(client, signal);
    expect(latest?.changedMs).toBeGreaterThanOrEqual(before - 1000);
    expect(latest?.changedMs).toBeLessThanOrEqual(Date.now() + 1000);
  });
});
