import { describe, expect, it } from 'vitest';
import { createLanes, type Lanes } from './lanes.ts';

const narrow = (): Lanes =>
  createLanes({
    parallel: 1,
    maxWaiting: 1,
    full: () => new Error('full'),
    givenUp: () => new Error('given up'),
  });

describe('lanes', () => {
  it('let so many in, keep so many waiting, and turn the next away', async () => {
    const { signal } = new AbortController();
    const lanes = narrow();
    const leave = await lanes.enter(signal);
    const second = lanes.enter(signal);
    expect(lanes.waiting).toBe(1);
    await expect(lanes.enter(signal)).rejects.toThrow('full');
    leave();
    leave();
    const leaveSecond = await second;
    expect([lanes.running, lanes.waiting]).toEqual([1, 0]);
    leaveSecond();
    expect(lanes.running).toBe(0);
  });

  it('forget a waiter that gave up', async () => {
    const control = new AbortController();
    const lanes = narrow();
    const leave = await lanes.enter(new AbortController().signal);
    const waiter = lanes.enter(control.signal);
    control.abort();
    await expect(waiter).rejects.toThrow('given up');
    leave();
    expect(lanes.running).toBe(0);
  });
});
