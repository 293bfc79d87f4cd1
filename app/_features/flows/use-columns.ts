/** Which columns the flow table shows, from the URL or else as this browser last had them, and how wide each is. */
'use client';

import { parseAsArrayOf, parseAsString, useQueryState } from 'nuqs';
import { useMemo } from 'react';

import type { Flow } from '../../../model/api.ts';
import { useStored } from '../../_components/stored.ts';
import {
  allColumns,
  chosenColumns,
  narrowest,
  parseWidths,
  printWidths,
  standardColumns,
  widest,
  type FlowColumn,
} from './columns.ts';

export interface Columns {
  readonly all: readonly FlowColumn[];
  /** Null for the standard look, which follows the width of the table. */
  readonly chosen: readonly FlowColumn[] | null;
  readonly ids: readonly string[];
  readonly choose: (ids: readonly string[] | null) => void;
  readonly resize: (id: string, width: number) => void;
}

const ids = parseAsArrayOf(parseAsString, ',').withOptions({ history: 'push' });

export function useColumns(sample: Flow | undefined): Columns {
  const [inUrl, setInUrl] = useQueryState('columns', ids);
  const [stored, store] = useStored('flows.columns', '');
  const [storedWidths, storeWidths] = useStored('flows.widths', '');
  return useMemo(() => {
    const widths = parseWidths(storedWidths);
    const all = allColumns(sample).map((column) => ({ ...column, width: widths.get(column.id) ?? column.width }));
    const wanted = inUrl ?? (stored === '' ? null : stored.split(','));
    const chosen = chosenColumns(wanted, all);
    return {
      all,
      chosen,
      ids: (chosen ?? standardColumns).map(({ id }) => id),
      choose: (next) => {
        store(next === null ? '' : next.join(','));
        void setInUrl(next === null ? null : [...next]);
      },
      resize: (id, width) =>
        storeWidths(printWidths(new Map([...widths, [id, Math.max(narrowest, Math.min(widest, width))]]))),
    };
  }, [sample, inUrl, stored, storedWidths, store, setInUrl, storeWidths]);
}

export const templateOf = (columns: readonly FlowColumn[]): string =>
  columns.map(({ width }) => `${width}px`).join(' ');
