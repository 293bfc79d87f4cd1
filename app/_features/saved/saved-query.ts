/** What people saved for each other, read and changed as one list: it is small, and every part of the page shows the same. */
'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import {
  savedEntrySchema,
  savedResponseSchema,
  type SavedEntry,
  type SavedItem,
  type SavedResponse,
} from '../../../model/api.ts';
import { deleteAt, getJson, putJson } from '../api/client.ts';

const path = '/api/v1/saved';
const queryKey = ['saved'];
/** So long may what others saved be unseen here. */
const refreshMs = 60_000;

export interface Saved {
  /** The latest first; undefined while nothing is known. */
  readonly items: readonly SavedEntry[] | undefined;
  readonly error: Error | null;
  readonly retry: () => void;
}

export function useSaved(): Saved {
  const { data, failureReason, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => getJson(path, {}, savedResponseSchema, signal),
    refetchInterval: refreshMs,
  });
  return { items: data?.items, error: failureReason, retry: () => void refetch() };
}

export type ItemKey = Pick<SavedItem, 'kind' | 'id'>;

const isOther =
  (key: ItemKey) =>
  ({ kind, id }: ItemKey): boolean =>
    kind !== key.kind || id !== key.id;

export interface Saving {
  readonly save: (item: SavedItem, onDone?: () => void) => void;
  readonly remove: (key: ItemKey) => void;
  readonly isBusy: boolean;
  /** Why the latest change did not come about. */
  readonly error: Error | null;
}

export function useSaving(): Saving {
  const client = useQueryClient();
  const change = (next: (items: readonly SavedEntry[]) => SavedEntry[]): void => {
    client.setQueryData<SavedResponse>(queryKey, (known) => known && { items: next(known.items) });
    void client.invalidateQueries({ queryKey });
  };
  const saving = useMutation({
    mutationFn: (item: SavedItem) => putJson(path, item, savedEntrySchema),
    onSuccess: (entry) => change((items) => [entry, ...items.filter(isOther(entry))]),
  });
  const removing = useMutation({
    mutationFn: ({ kind, id }: ItemKey) => deleteAt(path, { kind, id }),
    onSuccess: (_, key) => change((items) => items.filter(isOther(key))),
  });
  return {
    save: (item, onDone) => {
      removing.reset();
      saving.mutate(item, onDone === undefined ? {} : { onSuccess: onDone });
    },
    remove: (key) => {
      saving.reset();
      removing.mutate(key);
    },
    isBusy: saving.isPending || removing.isPending,
    error: saving.error ?? removing.error,
  };
}
