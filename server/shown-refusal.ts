/** What a refused question is answered with: smaller ones, each a link that asks for it with all else as it was. */
import type { ApiRefusal } from '../model/api.ts';
import { printFilter } from '../model/filter/print.ts';
import type { StoreError } from './failure.ts';
import { parseTime } from './request/time.ts';

/**
 * `asked` is path and query. Offers end where the range ends that was asked for: of a comparison it may have been the
 * earlier one that was too much.
 */
export function shownRefusal(
  { rows, limit, offers }: NonNullable<StoreError['refusal']>,
  asked: string,
  nowMs: number,
): ApiRefusal {
  const { pathname, searchParams } = new URL(asked, 'http://server');
  const to = parseTime(searchParams.get('to') ?? 'now', nowMs);
  const toMs = to.ok ? to.value : nowMs;
  return {
    rows,
    limit,
    offers: offers.map((offer) => {
      const [fromMs, filter] = [toMs - offer.lengthMs, printFilter(offer.filter)];
      const search = new URLSearchParams(searchParams);
      search.delete('cursor');
      for (const [name, value] of Object.entries({ from: String(fromMs), to: String(toMs), filter })) {
        search.set(name, value);
      }
      return { fromMs, toMs, filter, rows: offer.rows, href: `${pathname}?${search}` };
    }),
  };
}
