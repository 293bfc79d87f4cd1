/**
 * One event stream per page, whoever listens: the map wants ticks, a flow table the rows of its filter. Browsers allow
 * six connections per server, so a second stream is never opened.
 */
'use client';

import { createContext, use, useEffect, useEffectEvent, useMemo, useRef, useState, type ReactNode } from 'react';

import type { Flow } from '../../../model/api.ts';
import { apiUrl } from '../api/client.ts';
import { createLiveStream, type LiveState, type Tick } from './live-stream.ts';

type FlowListener = (flows: readonly Flow[], skipped: number) => void;
type TickListener = (tick: Tick) => void;

interface Live {
  readonly state: LiveState;
  readonly problem: string | null;
  readonly listenToTicks: (listener: TickListener) => () => void;
  readonly tail: (filter: string, listener: FlowListener) => () => void;
}

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ isOn, children }: { isOn: boolean; children: ReactNode }): ReactNode {
  const [state, setState] = useState<LiveState>('off');
  const [problem, setProblem] = useState<string | null>(null);
  const [filter, setFilter] = useState<string | null>(null);
  const ticks = useRef(new Set<TickListener>());
  const tails = useRef<FlowListener | null>(null);

  useEffect(() => {
    if (!isOn) return;
    const stop = new AbortController();
    const query = new URLSearchParams(filter === null ? { flows: '0' } : { flows: '1', filter });
    createLiveStream(
      { url: apiUrl(`/api/v1/live?${query.toString()}`) },
      {
        open: (url) => new EventSource(url),
        after: (ms, callback) => {
          const timer = setTimeout(callback, ms);
          return () => clearTimeout(timer);
        },
      },
      {
        onState: setState,
        onTick: (tick) => {
          setProblem(null);
          for (const listener of ticks.current) listener(tick);
        },
        onFlows: (flows, skipped) => tails.current?.(flows, skipped),
        onProblem: setProblem,
      },
    ).start(stop.signal);
    return () => stop.abort();
  }, [isOn, filter]);

  // Stable across states: a listener that subscribes again would reopen the stream.
  const subscriptions = useMemo(
    () => ({
      listenToTicks(listener: TickListener): () => void {
        ticks.current.add(listener);
        return () => ticks.current.delete(listener);
      },
      tail(wanted: string, listener: FlowListener): () => void {
        tails.current = listener;
        setFilter(wanted);
        return () => {
          if (tails.current !== listener) return;
          tails.current = null;
          setFilter(null);
        };
      },
    }),
    [],
  );
  const value = useMemo<Live>(() => ({ state, problem, ...subscriptions }), [state, problem, subscriptions]);
  return <LiveContext value={value}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = use(LiveContext);
  if (live === null) throw new Error('useLive needs a LiveProvider above it');
  return live;
}

export function useTicks(onTick: TickListener): void {
  const { listenToTicks } = useLive();
  const handle = useEffectEvent(onTick);
  useEffect(() => listenToTicks((tick) => handle(tick)), [listenToTicks]);
}

/** Receives the rows that match `filter` as they arrive; null listens to nothing. */
export function useTail(filter: string | null, onFlows: FlowListener): void {
  const { tail } = useLive();
  const handle = useEffectEvent(onFlows);
  useEffect(
    () => (filter === null ? undefined : tail(filter, (flows, skipped) => handle(flows, skipped))),
    [tail, filter],
  );
}
