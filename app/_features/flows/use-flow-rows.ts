/** The rows of a flow table: pages from the store, and while live what arrived since, each at its time. */
'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';

import type { Evidence, Flow } from '../../../model/api.ts';
import { useTail } from '../live/live-context.tsx';
import { useInvestigation } from '../url/investigation.ts';
import { flowsQuery } from './flows-query.ts';
import { emptyTail, needsRereading, receive, reveal, withPages, type Tail } from './tail.ts';

interface FlowRows {
  /** Undefined until the first answer. */
  readonly rows: readonly Flow[] | undefined;
  readonly error: Error | null;
  readonly evidence: Evidence | null;
  readonly updatedMs: number;
  /** The rows still belong to the question before. */
  readonly isStale: boolean;
  readonly hasOlder: boolean;
  readonly isFetchingOlder: boolean;
  readonly fetchOlder: () => void;
  /** Rows that wait to be shown. */
  readonly waiting: number;
  readonly showWaiting: () => void;
  readonly reread: () => void;
}

/** `isFollowing`: the reader is at the top and reads nothing, so that new rows may push the others down. */
export function useFlowRows(filter: string, isFollowing: boolean): FlowRows {
  const { range, isLive } = useInvestigation();
  const query = useInfiniteQuery(flowsQuery(range, filter));
  const { data, fetchNextPage, hasNextPage, refetch } = query;
  const question = `${JSON.stringify(range)} ${filter}`;
  const [kept, setKept] = useState<{ question: string; tail: Tail }>({ question, tail: emptyTail });
  const tail = kept.question === question ? kept.tail : emptyTail;
  const change = (next: Tail): void => setKept({ question, tail: next });

  const known = useMemo(() => new Set(data?.pages[0]?.flows.map((flow) => flow.id)), [data]);
  useTail(isLive ? filter : null, (flows, skipped) => {
    const fresh = flows.filter((flow) => !known.has(flow.id));
    const received = receive(tail, fresh, skipped);
    change(isFollowing ? reveal(received) : received);
  });

  const reread = (): void => {
    change(emptyTail);
    void refetch();
  };
  const rows = useMemo(
    () =>
      data === undefined
        ? undefined
        : withPages(
            tail,
            data.pages.map((page) => page.flows),
            hasNextPage,
          ),
    [tail, data, hasNextPage],
  );
  const evidence = useMemo(() => {
    const last = data?.pages.at(-1)?.evidence;
    // A page is always cut at its length; what it leaves out comes as the reader gets there.
    return last === undefined ? null : { ...last, truncated: false };
  }, [data]);
  return {
    rows,
    error: query.error ?? query.failureReason,
    evidence,
    updatedMs: query.dataUpdatedAt,
    isStale: query.isPlaceholderData,
    hasOlder: hasNextPage,
    isFetchingOlder: query.isFetchingNextPage,
    fetchOlder: () => void fetchNextPage(),
    waiting: tail.waiting.length + tail.missed,
    showWaiting: () => (needsRereading(tail) ? reread() : change(reveal(tail))),
    reread,
  };
}
