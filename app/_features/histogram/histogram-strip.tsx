/** Traffic of the range as bars, trouble in front; a drag sets the range. Keyboard readers have `[`, `]` and the range's own form. */
'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState, type PointerEvent, type ReactNode } from 'react';

import { seriesResponseSchema } from '../../../model/api.ts';
import { formatCompact } from '../../_viz/format/quantities.ts';
import { formatMoment, formatSpan } from '../../_viz/format/time.ts';
import { getJson } from '../api/client.ts';
import { useZone } from '../frame/zone.ts';
import { presetFacts, rangeQuery } from '../range/time-range.ts';
import { useInvestigation } from '../url/investigation.ts';
import { barsOf, brushed } from './bars.ts';

interface Drag {
  readonly from: number;
  readonly to: number;
}

export function HistogramStrip(): ReactNode {
  const { range, filter, isLive, showSpan } = useInvestigation();
  const [zone] = useZone();
  const [drag, setDrag] = useState<Drag | null>(null);
  const question = { ...rangeQuery(range), filter };
  const refreshMs = range.kind === 'relative' ? Math.max(5_000, presetFacts[range.preset].refreshMs) : 0;
  const { data, error, failureReason, refetch } = useQuery({
    queryKey: ['series', question],
    queryFn: ({ signal }) => getJson('/api/v1/series', question, seriesResponseSchema, signal),
    placeholderData: keepPreviousData,
    refetchInterval: isLive && refreshMs > 0 ? refreshMs : false,
  });
  const problem = error ?? failureReason;
  const bars = useMemo(
    () => (data === undefined ? [] : barsOf(data.points, (ms) => formatMoment(ms, data.range.toMs, zone))),
    [data, zone],
  );
  const shareAt = (event: PointerEvent<HTMLDivElement>): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return (event.clientX - left) / Math.max(1, width);
  };
  const span = data === undefined || drag === null ? null : brushed(data.range, drag.from, drag.to);
  const drops = (data?.points ?? []).reduce((sum, point) => sum + point.drops, 0);
  const says = `Traffic over the range in ${bars.length} steps, ${formatCompact(drops)} packets dropped`;
  return (
    <div className="relative h-9 border-b border-line bg-surface px-4 py-1">
      {data === undefined ? (
        problem === null ? (
          <span aria-hidden className="skeleton block h-full" />
        ) : (
          <p className="flex h-full items-center gap-2 truncate text-xs text-ink-faint">
            No histogram: {problem.message}
            <button type="button" className="text-accent hover:underline" onClick={() => void refetch()}>
              Retry
            </button>
          </p>
        )
      ) : (
        <div
          role="img"
          aria-label={says}
          className="relative flex h-full cursor-col-resize touch-none items-end gap-px"
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            setDrag({ from: shareAt(event), to: shareAt(event) });
          }}
          onPointerMove={(event) => {
            if (drag !== null) setDrag({ ...drag, to: shareAt(event) });
          }}
          onPointerUp={() => {
            if (span !== null) showSpan(span[0], span[1]);
            setDrag(null);
          }}
          onPointerCancel={() => setDrag(null)}
        >
          {bars.map((bar) => (
            <span key={bar.fromMs} title={bar.words} className="relative h-full min-w-0 flex-1">
              <span className="absolute bottom-0 w-full bg-edge" style={{ height: `${bar.traffic * 100}%` }} />
              <span className="absolute bottom-0 w-full bg-dropped" style={{ height: `${bar.trouble * 100}%` }} />
            </span>
          ))}
          {drag !== null && span !== null && (
            <span
              className="pointer-events-none absolute inset-y-0 border-x border-accent bg-accent/20 text-2xs"
              style={{
                left: `${Math.min(drag.from, drag.to) * 100}%`,
                width: `${Math.abs(drag.to - drag.from) * 100}%`,
              }}
            >
              <span className="absolute top-0 left-1 rounded-sm bg-raised px-1 whitespace-nowrap text-ink">
                {formatSpan(span[0], span[1], zone)}
              </span>
            </span>
          )}
        </div>
      )}
    </div>
  );
}
