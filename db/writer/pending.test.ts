/** What waits, in memory and on a real disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPending, type Pending } from './pending.ts';
import { openSpill, type Spill } from './spill.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('what waits for the store', () => {
  let directory = '';
  let lost: string[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'palomar-pending-'));
    lost = [];
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const open = (spillBytes: number): { pending: Pending; spill: Spill } => {
    const opened = openSpill({ directory, maxBytes: spillBytes });
    if (!opened.ok) throw new Error(opened.error);
    const pending = createPending(
      { maxBytes: 100_000, spill: opened.value },
      { log: quiet, onLost: (cause, { rows }) => void lost.push(`${cause} ${rows}`), onRoom: () => undefined },
    );
    return { pending, spill: opened.value };
  };
  /** `rows` serve as its name; random bytes do not shrink. */
  const push = (pending: Pending, rows: number, size = 100): void => {
    const body = new Uint8Array(size).map(() => Math.floor(Math.random() * 256));
    pending.push({ table: 'flows', rows, body, token: String(rows) });
  };
  const drain = async (pending: Pending): Promise<string[]> => {
    const tokens: string[] = [];
    for (let batch = await pending.take(); batch !== undefined; batch = await pending.take()) {
      tokens.push(batch.token);
      await pending.done(batch);
    }
    return tokens;
  };

  it('is in memory while the store keeps up, and in one order whichever way it took', async () => {
    const { pending, spill } = open(2 ** 20);
    push(pending, 1);
    push(pending, 2);
    const head = await pending.take();
    expect([head?.token, spill.files]).toEqual(['1', 0]);
    pending.keepOnDisk(true);
    push(pending, 3);
    await expect.poll(() => spill.files).toBe(3);
    expect(pending.rows).toBe(6);
    pending.keepOnDisk(false);
    push(pending, 4);
    if (head !== undefined) await pending.done(head);
    expect(await drain(pending)).toEqual(['2', '3', '4']);
    expect([pending.isEmpty, spill.files, lost]).toEqual([true, 0, []]);
  });

  it('lets a batch be taken again that was put back', async () => {
    const { pending, spill } = open(2 ** 20);
    pending.keepOnDisk(true);
    for (const rows of [1, 2]) push(pending, rows);
    await expect.poll(() => spill.files).toBe(2);
    const [head, behind] = [await pending.take(), await pending.take()];
    expect([head?.token, behind?.token]).toEqual(['1', '2']);
    expect(await pending.take()).toBeUndefined();
    if (behind !== undefined) pending.putBack(behind);
    expect((await pending.take())?.token).toBe('2');
  });

  it('gives up a batch that is larger than the folder may be, but not one that is being sent', async () => {
    const { pending, spill } = open(8192);
    push(pending, 1, 20_000);
    const head = await pending.take();
    pending.keepOnDisk(true);
    push(pending, 2, 20_000);
    push(pending, 3);
    await expect.poll(() => spill.files).toBe(1);
    expect(lost).toEqual(['spill_full 2']);
    if (head !== undefined) await pending.done(head);
    expect(await drain(pending)).toEqual(['3']);
    expect(lost).toHaveLength(1);
  });

  it('says what is lost when it has to leave with a disk that takes nothing', async () => {
    const { pending } = open(2 ** 20);
    push(pending, 1);
    rmSync(directory, { recursive: true });
    expect((await pending.leave()).map(({ token }) => token)).toEqual(['1']);
    expect(pending.spillProblem).toContain('ENOENT');
    directory = mkdtempSync(join(tmpdir(), 'palomar-pending-'));
  });
});
