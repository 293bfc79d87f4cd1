import { describe, expect, test } from 'vitest';

import { aFlow } from '../../../model/flow.fixture.ts';
import { emptyTail, mostWaiting, needsRereading, receive, reveal, withPages } from './tail.ts';

/** Each happened at the second that its id says. */
const flows = (...ids: number[]) =>
  ids.map((id) => aFlow({ id: String(id), time: new Date(id * 1_000).toISOString() }));
const ids = (list: readonly { id: string }[]) => list.map((flow) => Number(flow.id));

describe('rows that arrive', () => {
  test('wait, newest first', () => {
    const tail = receive(receive(emptyTail, flows(1, 2), 0), flows(3), 0);
    expect(ids(tail.waiting)).toEqual([3, 2, 1]);
    expect(tail.shown).toEqual([]);
  });
  test('stand on top once shown', () => {
    const tail = reveal(receive(reveal(receive(emptyTail, flows(1), 0)), flows(2), 0));
    expect(ids(tail.shown)).toEqual([2, 1]);
    expect(tail.waiting).toEqual([]);
  });
  test('are taken once', () => {
    expect(ids(receive(receive(emptyTail, flows(1, 2), 0), flows(2, 3), 0).waiting)).toEqual([3, 2, 1]);
  });
  test('are bounded, and what did not fit is counted', () => {
    const many = Array.from({ length: mostWaiting + 5 }, (_, id) => id);
    const tail = receive(emptyTail, flows(...many), 2);
    expect(tail.waiting.length).toBe(mostWaiting);
    expect(tail.missed).toBe(7);
    expect(needsRereading(tail)).toBe(true);
  });
  test('stand at their time when they are told late', () => {
    const tail = receive(reveal(receive(emptyTail, flows(5, 8), 0)), flows(9, 3, 6), 0);
    expect(ids(tail.waiting)).toEqual([9, 6, 3]);
    expect(ids(reveal(tail).shown)).toEqual([9, 8, 6, 5, 3]);
  });
});

describe('rows that arrived among the pages', () => {
  const shown = (...list: number[]) => reveal(receive(emptyTail, flows(...list), 0));
  test('stand above what is older and below what is newer', () => {
    expect(ids(withPages(shown(9, 4), [flows(7, 5), flows(3, 1)], true))).toEqual([9, 7, 5, 4, 3, 1]);
  });
  test('of before the last page come with theirs, unless it was the last', () => {
    expect(ids(withPages(shown(9, 2), [flows(7, 5)], true))).toEqual([9, 7, 5]);
    expect(ids(withPages(shown(9, 2), [flows(7, 5)], false))).toEqual([9, 7, 5, 2]);
  });
  test('are not shown twice', () => {
    expect(ids(withPages(shown(9, 5), [flows(7, 5, 4)], true))).toEqual([9, 7, 5, 4]);
  });
});
