import { describe, expect, it } from 'vitest';
import type { Batch } from './batch.ts';
import { createMemoryQueue } from './memory-queue.ts';

let sequence = 0;
const batch = (size: number): Batch => {
  sequence += 1;
  return { sequence, table: 'flows', rows: 1, body: new Uint8Array(size), token: String(size) };
};
const tokens = (batches: Iterable<Batch>): string[] => [...batches].map(({ token }) => token);

describe('the queue in memory', () => {
  it('gives up the oldest past its bound, but not one that is being sent', () => {
    const queue = createMemoryQueue(100);
    const first = batch(60);
    queue.push(first);
    queue.take(first);
    expect(queue.push(batch(30))).toEqual([]);
    expect(tokens(queue.push(batch(40)))).toEqual(['30']);
    queue.remove(first);
    expect([queue.oldest()?.token, queue.bytes]).toEqual(['40', 40]);
  });

  it('keeps a batch that is larger than the bound by itself', () => {
    const queue = createMemoryQueue(10);
    expect(queue.push(batch(60))).toEqual([]);
    expect(tokens(queue.push(batch(70)))).toEqual(['60']);
  });

  it('offers a batch again that was put back', () => {
    const queue = createMemoryQueue(100);
    const [first, second] = [batch(1), batch(2)];
    queue.push(first);
    queue.push(second);
    queue.take(first);
    expect(queue.oldest()).toBe(second);
    queue.putBack(first);
    expect(queue.oldest()).toBe(first);
  });
});
