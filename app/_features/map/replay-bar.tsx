/** The slider over the range: which slice of it the map shows, by hand or playing. */
'use client';

import { Pause, Play, SkipBack, SkipForward, X } from 'lucide-react';
import type { ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';
import { formatClock, formatMoment } from '../../_viz/format/time.ts';
import { useZone } from '../frame/zone.ts';
import type { Replay } from './replay.ts';

export function ReplayBar({ replay }: { replay: Replay }): ReactNode {
  const [zone] = useZone();
  const { slices, at, isPlaying, canPlay, seek, play, stop } = replay;
  const slice = slices[at] ?? { fromMs: 0, toMs: 0 };
  const end = slices.at(-1)?.toMs ?? slice.toMs;
  const words = `${formatMoment(slice.fromMs, end, zone)} – ${formatClock(slice.toMs, zone)}`;
  return (
    <div role="group" aria-label="Replay" className="flex min-w-0 flex-1 items-center gap-1">
      {canPlay && (
        <Button look="ghost" size="icon" aria-label={isPlaying ? 'Pause' : 'Play'} onClick={() => play(!isPlaying)}>
          {isPlaying ? <Pause aria-hidden className="size-3.5" /> : <Play aria-hidden className="size-3.5" />}
        </Button>
      )}
      <Button look="ghost" size="icon" aria-label="Step back" disabled={at === 0} onClick={() => seek(at - 1)}>
        <SkipBack aria-hidden className="size-3.5" />
      </Button>
      <input
        type="range"
        aria-label="Slice of the range"
        aria-valuetext={`${words}, ${at + 1} of ${slices.length}`}
        min={0}
        max={slices.length - 1}
        value={at}
        onChange={(event) => seek(Number(event.target.value))}
        className="h-6 min-w-24 flex-1 accent-accent"
      />
      <Button
        look="ghost"
        size="icon"
        aria-label="Step on"
        disabled={at === slices.length - 1}
        onClick={() => seek(at + 1)}
      >
        <SkipForward aria-hidden className="size-3.5" />
      </Button>
      <span role="status" aria-live={isPlaying ? 'off' : 'polite'} className="shrink-0 text-xs">
        {words}
      </span>
      <Button look="ghost" size="icon" aria-label="Show the whole range" onClick={stop}>
        <X aria-hidden className="size-3.5" />
      </Button>
    </div>
  );
}
