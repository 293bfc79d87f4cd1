import { describe, expect, it } from 'vitest';
import type { WriterStats } from '../db/writer.ts';
import { createCounters } from './counters.ts';
import { createRegistry } from './metrics.ts';

const stats: WriterStats = {
  rowsWritten: 10,
  rowsDropped: 1,
  rowsRejected: 2,
  spillRowsDropped: 3,
  spillRowsUnreadable: 4,
  batchesWritten: 5,
  retries: 6,
  pendingRows: 7,
  pendingBytes: 8,
  acknowledgedMs: null,
  spill: { rows: 70, bytes: 800, maxBytes: 9000, problem: null },
  store: 'full',
};

async function metrics(of: Partial<WriterStats> = {}): Promise<string[]> {
  const registry = createRegistry({
    counters: createCounters(),
    probeStats: () => new Map(),
    mapPressure: () => new Map(),
    reasonTotals: () => new Map(),
    connections: () => 0,
    rows: () => 20,
    writer: () => ({ ...stats, ...of }),
    isLive: () => true,
  });
  return (await registry.metrics()).split('\n');
}

describe('the metrics of the collector', () => {
  it('tell each way of losing rows by itself', async () => {
    const rows = (await metrics()).filter((line) => line.startsWith('palomar_collector_rows_total'));
    expect(rows.map((line) => line.replace(/.*counter="(\w+)"} /, '$1 '))).toEqual([
      'made 20',
      'written 10',
      'dropped 1',
      'rejected 2',
      'spill_dropped 3',
      'spill_unreadable 4',
    ]);
  });

  it('tell what waits on disk, and how the store takes rows', async () => {
    expect(await metrics()).toEqual(
      expect.arrayContaining([
        'palomar_collector_spill_rows 70',
        'palomar_collector_spill_bytes 800',
        'palomar_collector_spill_max_bytes 9000',
        'palomar_collector_spill_failing 0',
        'palomar_collector_store_state{state="ok"} 0',
        'palomar_collector_store_state{state="full"} 1',
      ]),
    );
    const failing = await metrics({ spill: { rows: 0, bytes: 0, maxBytes: 1, problem: 'ENOSPC' } });
    expect(failing).toContain('palomar_collector_spill_failing 1');
    expect(await metrics({ spill: null })).toContain('palomar_collector_spill_max_bytes 0');
  });
});
