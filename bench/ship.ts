/** Frames through the collector into a store, as fast as it takes them: acknowledged rows, lost rows, memory over time. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createFrameParser } from '../collector/decode/frame-parser.ts';
import type { Log } from '../db/log.ts';
import { createWriter } from '../db/writer.ts';
import type { ProbeTraffic } from './generate-frames.ts';
import { chunkBytes, createPlayer } from './play.ts';

export interface Shipped {
  /** Written by the pipeline; acknowledged by the store; given up on the way. */
  readonly rows: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly generatingSeconds: number;
  /** RSS of this process in MiB at every tenth part of the run. */
  readonly rssMib: readonly number[];
}

/** How long the store may take for what was pending at the end; what it leaves counts as lost. */
const drainMs = 15_000;
const samples = 10;
const bootNs = 3600e9;
const second = 1e9;

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (facts, message) => console.warn(message, facts),
  error: (facts, message) => console.error(message, facts),
};

export async function ship(url: string, traffic: ProbeTraffic, forMs: number): Promise<Shipped> {
  const writer = createWriter({ url }, { log, clock: { now: () => Date.now() } });
  writer.start(new AbortController().signal);
  const player = createPlayer(writer);
  const parser = createFrameParser();
  const feed = async (bytes: Buffer): Promise<void> => {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const parsed = parser.push(bytes.subarray(at, at + chunkBytes), (frame) => player.frame(frame));
      if (!parsed.ok) throw new Error(parsed.error.message);
      await turn();
      await writer.ready();
    }
  };
  await feed(traffic.greeting(bootNs));
  const cpu = process.cpuUsage();
  const start = performance.now();
  let generatingMs = 0;
  const rssMib: number[] = [];
  for (let scan = 1; performance.now() - start < forMs; scan += 1) {
    const before = performance.now();
    const bytes = traffic.scan(bootNs + scan * second);
    generatingMs += performance.now() - before;
    await feed(bytes);
    if (performance.now() - start >= (rssMib.length * forMs) / samples)
      rssMib.push(process.memoryUsage.rss() / 2 ** 20);
  }
  player.pipeline.flush(true);
  const { rows } = player.pipeline;
  // Stopping cuts off what takes longer than three seconds: only the last batch may be left to it.
  const deadline = performance.now() + drainMs;
  while (writer.stats.pendingRows > 0 && performance.now() < deadline) await sleep(5);
  await writer.stop();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { rowsWritten, rowsDropped, rowsRejected, pendingRows } = writer.stats;
  return {
    rows,
    acknowledged: rowsWritten,
    lost: rowsDropped + rowsRejected + pendingRows,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    generatingSeconds: generatingMs / 1000,
    rssMib,
  };
}
