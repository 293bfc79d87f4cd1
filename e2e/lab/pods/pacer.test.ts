/** The pacer keeps its rate by the clock, and skips rather than piles up. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPacer } from './pacer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('starts as many tasks as the rate asks for, in order', async () => {
  const started: number[] = [];
  const pacer = createPacer(
    { perSecond: 30, maxInFlight: 4 },
    {
      task: (n) => {
        started.push(n);
        return Promise.resolve();
      },
      clock: Date.now,
    },
  );
  pacer.start();
  await vi.advanceTimersByTimeAsync(2000);
  await pacer.stop();
  await vi.advanceTimersByTimeAsync(2000);
  expect(started).toEqual(Array.from({ length: 60 }, (_, n) => n));
  expect(pacer.skipped).toBe(0);
});

test('what does not fit is skipped and counted, and stop waits for what is under way', async () => {
  const finish: (() => void)[] = [];
  const pacer = createPacer(
    { perSecond: 10, maxInFlight: 2 },
    { task: () => new Promise((resolve) => finish.push(resolve)), clock: Date.now },
  );
  pacer.start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(finish).toHaveLength(2);
  expect(pacer.skipped).toBe(8);
  let hasStopped = false;
  const stopped = pacer.stop().then(() => (hasStopped = true));
  await vi.advanceTimersByTimeAsync(100);
  expect(hasStopped).toBe(false);
  for (const done of finish) done();
  await stopped;
  expect(hasStopped).toBe(true);
});
