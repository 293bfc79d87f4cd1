/**
 * Lets one process at a time change the schema, also where there is no Keeper. Each puts a claim of its own beside those of
 * the others, and then looks: who sees a living claim of another takes its own back and waits. Of two that claim at
 * once at least one sees the other, so that never both go on. Claims are renewed; one that is not any more is of a process that is gone.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { StoreClient } from '../client.ts';
import type { Log } from '../log.ts';

export const lockTable = `
CREATE TABLE IF NOT EXISTS migration_lock
(
  holder String,
  at DateTime64(3, 'UTC') DEFAULT now64(3),
  is_released UInt8
)
ENGINE = MergeTree
ORDER BY (holder, at)
TTL toDateTime(at) + INTERVAL 1 DAY`;

export interface LockConfig {
  /** After this long without a word a claim is that of a process that is gone. */
  readonly leaseMs: number;
  readonly isCluster: boolean;
}

export interface LockDeps {
  readonly log: Log;
  readonly random: () => number;
}

/** Throws when the claim may be taken for dead by others: then nothing more may be changed. */
export type CheckHeld = () => void;

/**
 * Claims of this process that are over, also those of which the store could not be told: it was killed in the middle,
 * and nobody has to wait for us but the others.
 */
const over = new Set<string>();

const waitMs = 100;
const claimsSchema = z.array(z.object({ holder: z.string() }));

/** In a cluster what is written is to be seen at every node before the write is done. */
export const consistent = {
  insert_quorum: 'auto',
  insert_quorum_parallel: 0,
  select_sequential_consistency: '1',
} as const;

/** Waits for its turn, however long another takes, and lets go whatever `work` does. */
export async function withMigrationLock(
  client: StoreClient,
  { leaseMs, isCluster }: LockConfig,
  { log, random }: LockDeps,
  work: (check: CheckHeld) => Promise<void>,
): Promise<void> {
  const clickhouse_settings = isCluster ? consistent : {};
  const say = async (holder: string, isReleased: 0 | 1): Promise<void> => {
    await client.insert({
      table: 'migration_lock',
      values: [{ holder, is_released: isReleased }],
      columns: ['holder', 'is_released'],
      format: 'JSONEachRow',
      clickhouse_settings: { ...clickhouse_settings, async_insert: 0 },
    });
  };
  const others = async (holder: string): Promise<boolean> => {
    const answer = await client.query({
      query: `
SELECT holder
FROM migration_lock
WHERE holder NOT IN {mine:Array(String)}
GROUP BY holder
HAVING max(is_released) = 0 AND max(at) > now64(3) - toIntervalMillisecond({lease:UInt32})
LIMIT 1`,
      query_params: { mine: [holder, ...over], lease: leaseMs },
      format: 'JSONEachRow',
      clickhouse_settings,
    });
    return claimsSchema.parse(await answer.json()).length > 0;
  };

  const claim = async (): Promise<string> => {
    for (let turn = 0; ; turn += 1) {
      const holder = randomUUID();
      if (!(await others(holder))) {
        try {
          await say(holder, 0);
          if (!(await others(holder))) return holder;
        } catch (error) {
          over.add(holder);
          throw error;
        }
        over.add(holder);
        await say(holder, 1);
        over.delete(holder);
      }
      if (turn === 0) log.info({}, 'another process changes the schema, waiting for it');
      // Unequal pauses, so that two do not meet again and again.
      await sleep(waitMs * (1 + random() * 3));
    }
  };

  const holder = await claim();
  let renewed = performance.now();
  const renewal = setInterval(() => {
    const begun = performance.now();
    say(holder, 0).then(
      () => {
        renewed = begun;
      },
      // `check` notices by itself when this goes on for too long.
      (error: unknown) => log.warn({ err: error }, 'cannot renew the claim on the schema'),
    );
  }, leaseMs / 6);
  try {
    await work(() => {
      if (performance.now() - renewed > leaseMs / 2)
        throw new Error('lost the claim on the schema: trying again later');
    });
  } finally {
    clearInterval(renewal);
    over.add(holder);
    await say(holder, 1).then(
      () => over.delete(holder),
      (error: unknown) => {
        log.warn({ err: error }, 'cannot take back the claim on the schema: others wait until it is old');
      },
    );
  }
}
