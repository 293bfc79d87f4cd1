import { describe, expect, it, vi } from 'vitest';
import { all } from '../model/filter/ast.ts';
import { parseFilter } from '../model/filter/parse.ts';
import { createAdmission, type Admission } from './admission.ts';
import { costs, type Cost } from './cost.ts';
import { StoreError } from './failure.ts';
import { shownRefusal } from './shown-refusal.ts';
import { createTurns, standardTurns } from './turns.ts';

const { signal } = new AbortController();
const day = 86_400_000;
const path = parseFilter('http.path:/orders');
if (!path.ok) throw new Error('the filter does not parse');
const range = { fromMs: 0, toMs: day };
const map: Cost = costs.map({ grouping: 'workload', limit: 10, range, filter: path.value });
const page: Cost = costs.flows({ limit: 10, before: null, range, filter: path.value });

function admissionOf(maxRows: number, estimated: number): { admission: Admission; estimate: ReturnType<typeof vi.fn> } {
  const estimate = vi.fn(() => Promise.resolve(estimated));
  const source = {
    read: () => Promise.resolve([{ table: 'flows', fromMs: 0, toMs: day, rows: 24_000_000 }]),
  };
  const turns = createTurns(standardTurns);
  return { admission: createAdmission({ maxRows }, { source, turns, estimate }), estimate };
}

async function refusalOf(asked: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await asked.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreError)) throw new Error(`not refused: ${String(error)}`);
  return error;
}

const work = vi.fn((weight: string) => Promise.resolve(weight));

describe('admission', () => {
  it('refuses what would read too much before it is asked, and says how much that is', async () => {
    work.mockClear();
    const { admission } = admissionOf(7_000_000, 24_000_000);
    const error = await refusalOf(admission.admit(map, signal, work));
    expect(error.code).toBe('too_expensive');
    expect(error.message).toContain('about 24,000,000 rows, more than the 7,000,000');
    expect(error.refusal).toMatchObject({ rows: 24_000_000, limit: 7_000_000 });
    expect(error.refusal?.offers[0]).toMatchObject({ lengthMs: day / 4, rows: 6_000_000 });
    expect(work).not.toHaveBeenCalled();
  });

  it('lets what finds little by the indexes of the store pass', async () => {
    const { admission } = admissionOf(7_000_000, 100);
    expect(await admission.admit(map, signal, work)).toBe('heavy');
  });

  it('asks for no estimate of what cannot be too much', async () => {
    const small = admissionOf(50_000_000, 24_000_000);
    expect(await small.admission.admit(map, signal, work)).toBe('heavy');
    const unbounded = admissionOf(0, 24_000_000);
    expect(await unbounded.admission.admit(map, signal, work)).toBe('heavy');
    const first = costs.flows({ limit: 10, before: null, range, filter: all });
    expect(await small.admission.admit(first, signal, work)).toBe('light');
    expect([small.estimate, unbounded.estimate].map((estimate) => estimate.mock.calls.length)).toEqual([0, 0]);
  });

  it('offers a smaller question also in place of one that turned out to be too much', async () => {
    const { admission } = admissionOf(7_000_000, 0);
    const tooMuch = (): Promise<never> => Promise.reject(new StoreError('too_expensive', 'it was too much'));
    const error = await refusalOf(admission.admit(page, signal, tooMuch));
    expect(error).toMatchObject({ message: 'it was too much', refusal: { rows: null, limit: 7_000_000 } });
    expect(error.refusal?.offers).toMatchObject([{ lengthMs: day / 4 }, { lengthMs: day, filter: { kind: 'all' } }]);
  });

  it('changes nothing about other failures', async () => {
    const { admission } = admissionOf(7_000_000, 0);
    const away = (): Promise<never> => Promise.reject(new StoreError('store_unavailable', 'it is away'));
    expect((await refusalOf(admission.admit(page, signal, away))).refusal).toBeNull();
  });
});

describe('a refusal', () => {
  it('links to smaller questions with all else as it was', async () => {
    const { admission } = admissionOf(7_000_000, 24_000_000);
    const { refusal } = await refusalOf(admission.admit(map, signal, work));
    if (refusal === null) throw new Error('no refusal');
    const toMs = Date.UTC(2026, 10, 23, 12);
    const { offers } = shownRefusal(refusal, `/api/v1/map?grouping=pod&to=${toMs}&filter=x&cursor=1`, toMs + 99);
    const fromMs = toMs - day / 4;
    expect(offers).toEqual([
      {
        fromMs,
        toMs,
        filter: 'http.path:/orders',
        rows: 6_000_000,
        href: `/api/v1/map?grouping=pod&to=${toMs}&filter=http.path%3A%2Forders&from=${fromMs}`,
      },
      expect.objectContaining({ fromMs: toMs - day, filter: '' }),
    ]);
  });
});
