/** What a map says of itself when it is taken out of the page: of when, of what, how much of it, and how sure that is. */
import type { MapResponse } from '../../../model/api.ts';
import { formatClock, formatDay, type Zone } from '../../_viz/format/time.ts';
import { evidenceWords } from '../health/evidence-words.ts';
import { noticeOfAnswer } from './budget.ts';
import type { Picture } from './picture.ts';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface MapAbout {
  readonly response: MapResponse;
  /** The range compared with. */
  readonly before: Span | null;
  readonly zone: Zone;
}

export function captionOf({ response, before, zone }: MapAbout, picture: Picture): readonly string[] {
  const { range, filter, grouping, evidence, budget } = response;
  const moment = (ms: number): string => `${formatDay(ms, zone)} ${formatClock(ms, zone)}`;
  const span = ({ fromMs, toMs }: Span): string => `${moment(fromMs)} – ${moment(toMs)}`;
  const words = evidenceWords(evidence, (ms) => formatClock(ms, zone));
  const shown = [noticeOfAnswer(budget), picture.notice].filter((notice) => notice !== null);
  return [
    `${span(range)} ${zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone}`,
    ...(before === null ? [] : [`Compared with ${span(before)}`]),
    filter === '' ? 'All traffic' : `Filter: ${filter}`,
    shown.length === 0
      ? `Everything by ${grouping}: ${picture.nodes.size} cards, ${picture.edges.size} edges`
      : `By ${grouping}. ${shown.join('. ')}`,
    `seen ${words.seen}, lost ${words.lost}, gaps ${words.gaps}, nodes ${words.nodes}`,
  ];
}
