import { describe, expect, test } from 'vitest';

import { aFlow } from '../../../model/flow.fixture.ts';
import { emptyTail, mostWaiting, needsRereading, receive, reveal } from './tail.ts';

const flows = (...ids: number[]) => ids.map((id) => aFlow({ id: String(id) }));
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
});
