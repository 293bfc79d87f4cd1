import { describe, expect, it } from 'vitest';
import { partitionsToDrop } from './disk-share.ts';

const days = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `2026110${i + 1}`, bytes, rows: 10 }));
const disk = (usedBytes: number, freeBytes: number, droppedBytes = 0) => ({
  totalBytes: 10_000,
  freeBytes,
  usedBytes,
  occupiedBytes: usedBytes + droppedBytes,
});
const dropped = (...[storage, percent]: Parameters<typeof partitionsToDrop>): string[] =>
  partitionsToDrop(storage, percent).map(({ id }) => id);

describe('the share of the disk', () => {
  it('drops nothing below it', () => {
    expect(dropped({ disk: disk(850, 150), flowPartitions: days(5, 100) }, 85)).toEqual([]);
  });

  it('drops the oldest days, no more than it takes', () => {
    expect(dropped({ disk: disk(1000, 0), flowPartitions: days(5, 100) }, 85)).toEqual(['20261101', '20261102']);
  });

  it('counts what is dropped and not removed yet as room', () => {
    expect(dropped({ disk: disk(800, 0, 200), flowPartitions: days(5, 100) }, 85)).toEqual([]);
  });

  it('never drops the newest day', () => {
    expect(dropped({ disk: disk(1000, 0), flowPartitions: days(2, 10) }, 10)).toEqual(['20261101']);
    expect(dropped({ disk: disk(1000, 0), flowPartitions: days(1, 1000) }, 10)).toEqual([]);
  });

  it('is no concern of who switched it off, nor of a disk that tells nothing', () => {
    expect(dropped({ disk: disk(1000, 0), flowPartitions: days(5, 100) }, 0)).toEqual([]);
    expect(dropped({ disk: null, flowPartitions: days(5, 100) }, 10)).toEqual([]);
  });
});
