import { runAll, type Migration } from './migration.ts';

/** What people save for each other: the newest row of an item counts, and says whether it is there still. */
export const savedItems: Migration = {
  version: 5,
  name: 'saved-items',
  run: (client) =>
    runAll(client, [
      `
CREATE TABLE IF NOT EXISTS saved_items
(
  kind LowCardinality(String),
  id String,
  text String,
  place String,
  changed DateTime64(3, 'UTC') DEFAULT now64(3),
  is_removed UInt8
)
ENGINE = ReplacingMergeTree(changed)
ORDER BY (kind, id)`,
    ]),
};
