/** A saved view in words, for telling one from another without opening it. */
import { formatSpan, type Zone } from '../../_viz/format/time.ts';
import { views } from '../frame/views.ts';
import { presetFacts, presets } from '../range/time-range.ts';

/** `place` is a path of the page with its query. */
export function placeWords(place: string, zone: Zone): string {
  const { pathname, searchParams } = new URL(place, 'http://palomar');
  const view = views.find(({ path }) => path === pathname)?.name ?? pathname;
  const filter = searchParams.get('filter') ?? '';
  return [view, rangeWords(searchParams, zone), ...(filter === '' ? [] : [filter])].join(', ');
}

function rangeWords(search: URLSearchParams, zone: Zone): string {
  const [from, to] = [Number(search.get('from')), Number(search.get('to'))];
  if (from > 0 && to > from) return formatSpan(from, to, zone);
  const preset = presets.find((one) => one === search.get('range')) ?? '15m';
  return presetFacts[preset].label.toLowerCase();
}
