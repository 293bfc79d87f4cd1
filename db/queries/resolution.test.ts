import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { all } from '../../model/filter/ast.ts';
import { parseFilter } from '../../model/filter/parse.ts';
import { isKnownToRollups, piecesOf, resolutionOf } from './resolution.ts';

const minute = 60_000;
const hour = 60 * minute;
const sizes = { flows: 1, minute, ten_minutes: 10 * minute, hour, day: 24 * hour } as const;

describe('the pieces of a range', () => {
  it('cover it without gap or overlap, each in whole buckets', () => {
    fc.assert(
      fc.property(fc.nat(40 * 24 * hour), fc.integer({ min: 1, max: 10 * 24 * hour }), (fromMs, length) => {
        const toMs = fromMs + length;
        const pieces = piecesOf({ fromMs, toMs });
        let at = fromMs;
        for (const { from, range } of pieces) {
          expect(range.fromMs).toBe(at);
          expect(range.toMs).toBeGreaterThan(range.fromMs);
          expect([range.fromMs % sizes[from], range.toMs % sizes[from]]).toEqual([0, 0]);
          at = range.toMs;
        }
        expect(at).toBe(toMs);
        const raw = pieces.filter(({ from }) => from === 'flows').map(({ range }) => range.toMs - range.fromMs);
        expect(Math.max(0, ...raw)).toBeLessThan(2 * minute);
      }),
    );
  });

  it('take the bucket that has begun whole when the range is open', () => {
    const open = { fromMs: 37 * minute, toMs: hour + 37 * minute + 1, isOpen: true };
    expect(piecesOf(open)).toEqual([
      { from: 'minute', range: { fromMs: 37 * minute, toMs: 40 * minute } },
      { from: 'ten_minutes', range: { fromMs: 40 * minute, toMs: hour } },
      { from: 'hour', range: { fromMs: hour, toMs: 2 * hour } },
    ]);
    expect(piecesOf({ ...open, isOpen: false }).map(({ from }) => from)).not.toContain('hour');
  });

  it.each([
    [{ fromMs: 0, toMs: 24 * hour }, ['day'], 'day'],
    [{ fromMs: hour, toMs: 3 * hour + minute }, ['hour', 'minute'], 'hour'],
    [{ fromMs: 5, toMs: 2 * minute + 5 }, ['flows', 'minute', 'flows'], 'minute'],
    [{ fromMs: 5, toMs: minute - 5 }, ['flows'], 'flows'],
    [{ fromMs: 5, toMs: 5 }, ['flows'], 'flows'],
  ] as const)('of %j are %j', (range, from, resolution) => {
    const pieces = piecesOf(range);
    expect(pieces.map((piece) => piece.from)).toEqual(from);
    expect(resolutionOf(pieces)).toBe(resolution);
  });
});

describe('a filter that rollups know', () => {
  it.each([
    ['', true],
    ['ns:shop verdict:dropped', true],
    ['not from.workload:api-* or protocol:http', true],
    ['pod:api-1', false],
    ['ns:shop port:443', false],
    ['not (ns:shop or http.status:5xx)', false],
  ])('%s: %s', (text, isKnown) => {
    const parsed = text === '' ? { ok: true as const, value: all } : parseFilter(text);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    expect(isKnownToRollups(parsed.value)).toBe(isKnown);
  });
});
