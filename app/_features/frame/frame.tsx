/** The frame around every view: header, bar, banner, the honest strip, and the keys that work everywhere. */
'use client';

import { useRouter, useSearchParams } from 'next/navigation';
import { lazy, Suspense, useRef, useState, type ReactNode } from 'react';

import { CaptureBanner } from '../health/capture-banner.tsx';
import { HistogramStrip } from '../histogram/histogram-strip.tsx';
import { HonestStrip } from '../health/honest-strip.tsx';
import { useLive } from '../live/live-context.tsx';
import { useCopyLink } from '../share/use-copy-link.ts';
import { shiftRange } from '../range/time-range.ts';
import { useInvestigation } from '../url/investigation.ts';
import { placeOf } from '../url/place.ts';
import { Bar } from './bar.tsx';
import { Header } from './header.tsx';
import type { Command } from './shortcuts.ts';
import { useEscape } from './use-escape.ts';
import { usePaletteKey, useShortcuts } from './use-shortcuts.ts';

/** Fetched when they are first asked for. */
const HelpDialog = lazy(() => import('./help-dialog.tsx').then((module) => ({ default: module.HelpDialog })));
const Palette = lazy(() => import('./palette.tsx').then((module) => ({ default: module.Palette })));

export function Frame({ children }: { children: ReactNode }): ReactNode {
  const investigation = useInvestigation();
  const { range, isLive, selection, select, setLive, showSpan } = investigation;
  const filterField = useRef<HTMLInputElement>(null);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const router = useRouter();
  const search = useSearchParams().toString();
  const { problem } = useLive();
  const link = useCopyLink();

  const go = (path: string): void => router.push(placeOf(path, search));
  const shift = (steps: -1 | 1): void => {
    const { fromMs, toMs } = shiftRange(range, steps, Date.now());
    showSpan(fromMs, toMs);
  };
  const actions: Record<Command, () => void> = {
    filter: () => filterField.current?.focus(),
    map: () => go('/'),
    drops: () => go('/drops'),
    flows: () => go('/flows'),
    http: () => go('/http'),
    dns: () => go('/dns'),
    explore: () => go('/explore'),
    status: () => go('/status'),
    live: () => setLive(!isLive),
    earlier: () => shift(-1),
    later: () => {
      if (range.kind === 'absolute') shift(1);
    },
    link: link.copy,
    help: () => setHelpOpen(true),
  };
  useShortcuts((command) => actions[command]());
  usePaletteKey(() => setPaletteOpen((open) => !open));
  useEscape(selection !== null && !isHelpOpen && !isPaletteOpen, () => select(null));

  return (
    <div className="flex h-dvh flex-col">
      <header>
        <Header link={link} onHelp={() => setHelpOpen(true)} onCommands={() => setPaletteOpen(true)} />
        <Bar filterField={filterField} />
        <CaptureBanner />
        <HistogramStrip />
        <HonestStrip>{problem !== null && <span className="text-warm">{problem}</span>}</HonestStrip>
      </header>
      <main className="min-h-0 flex-1">{children}</main>
      {isPaletteOpen && (
        <Suspense fallback={null}>
          <Palette isOpen onChange={setPaletteOpen} go={go} copyLink={link.copy} showHelp={() => setHelpOpen(true)} />
        </Suspense>
      )}
      {isHelpOpen && (
        <Suspense fallback={null}>
          <HelpDialog isOpen onChange={setHelpOpen} />
        </Suspense>
      )}
    </div>
  );
}
