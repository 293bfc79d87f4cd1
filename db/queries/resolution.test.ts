import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { all } from '../../model/filter/ast.ts';
import { parseFilter } from '../../model/filter/parse.ts';
import { isKnownToRollups, piecesOf, resolutionOf } from './resolution.ts';

const minute = 60_000;
const hour = 60 * minute;
const sizes = { flows: 1, edges_1m: minute, edges_1h: hour, edges_1d: 24 * hour } as const;

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

  it('take the minute that has begun whole when the range is open', () => {
    const open = { fromMs: hour, toMs: hour + 5 * minute + 1, isOpen: true };
    expect(piecesOf(open)).toEqual([{ from: 'edges_1m', range: { fromMs: hour, toMs: hour + 6 * minute } }]);
    expect(piecesOf({ ...open, isOpen: false })).toHaveLength(2);
  });

  it.each([
    [{ fromMs: 0, toMs: 24 * hour }, ['edges_1d'], 'day'],
    [{ fromMs: hour, toMs: 3 * hour + minute }, ['edges_1h', 'edges_1m'], 'hour'],
    [{ fromMs: 5, toMs: 2 * minute + 5 }, ['flows', 'edges_1m', 'flows'], 'minute'],
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
