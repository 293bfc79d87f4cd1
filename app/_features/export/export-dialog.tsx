/** Takes the flows of the page along: format, columns, how much it will be, then progress, and a way to stop. */
'use client';

import { Dialog } from '@base-ui/react/dialog';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';

import { exportFormats, exportPlanResponseSchema, type ExportFormat } from '../../../model/api.ts';
import { saveFile } from '../../_components/save-file.ts';
import { Button, buttonStyle } from '../../_components/button.tsx';
import { formatBytes } from '../../_viz/format/quantities.ts';
import { getJson } from '../api/client.ts';
import { allOf } from '../filter/filter-text.ts';
import { rangeQuery } from '../range/time-range.ts';
import { selectionFilter } from '../selection/selection-filter.ts';
import { useInvestigation } from '../url/investigation.ts';
import { fileName, formatNames, planWords } from './plan-words.ts';
import { exportQuery, exportUrl } from './export-url.ts';
import { mostBytes, readExport, type Progress } from './read-export.ts';

type State =
  | { readonly is: 'asking' }
  | { readonly is: 'reading'; readonly progress: Progress }
  | { readonly is: 'done'; readonly progress: Progress }
  | { readonly is: 'failed'; readonly message: string };

export function ExportDialog({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-50 bg-canvas/60" />
        <Dialog.Popup className="fixed top-[14%] left-1/2 z-50 w-[440px] max-w-[92vw] -translate-x-1/2 rounded-md border border-line bg-raised p-4 shadow-float">
          <div className="mb-3 flex items-center justify-between">
            <Dialog.Title className="text-base font-semibold">Export flows</Dialog.Title>
            <Dialog.Close className={buttonStyle({ look: 'ghost', size: 'icon' })} aria-label="Close">
              <X aria-hidden className="size-4" />
            </Dialog.Close>
          </div>
          <ExportForm />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ExportForm(): ReactNode {
  const { range, filter: asked, selection } = useInvestigation();
  const filter = allOf(asked, selectionFilter(selection));
  const [format, setFormat] = useState<ExportFormat>('csv');
  const [isAll, setAll] = useState(true);
  const [state, setState] = useState<State>({ is: 'asking' });
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);

  const asks = { ...rangeQuery(range), filter, format, isAll };
  const question = exportQuery(asks);
  const plan = useQuery({
    queryKey: ['export plan', question],
    queryFn: ({ signal }) => getJson('/api/v1/export/plan', question, exportPlanResponseSchema, signal),
  });
  // The very range that was planned: a relative one would move on.
  const span = plan.data?.range;
  const bounds = span === undefined ? {} : { from: String(span.fromMs), to: String(span.toMs) };
  const url = exportUrl({ ...asks, ...bounds });
  const name = fileName(format);

  const read = async (): Promise<void> => {
    const control = new AbortController();
    stop.current = control;
    let progress: Progress = { bytes: 0 };
    setState({ is: 'reading', progress });
    try {
      const blob = await readExport(url, control.signal, (next) => {
        progress = next;
        setState({ is: 'reading', progress });
      });
      saveFile(blob, name);
      setState({ is: 'done', progress });
    } catch (error) {
      if (control.signal.aborted) setState({ is: 'asking' });
      else setState({ is: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  };
  const isReading = state.is === 'reading';
  const isTooLarge = plan.data !== undefined && plan.data.bytes > mostBytes;
  return (
    <>
      <p className="mb-3 truncate text-xs text-ink-soft" title={filter}>
        {filter === '' ? 'Every flow of the range' : <>Flows of the range that pass {filter}</>}
      </p>
      <div className="grid grid-cols-[80px_1fr] items-center gap-y-2">
        <label htmlFor="export-format" className="text-ink-faint">
          Format
        </label>
        <select
          id="export-format"
          value={format}
          disabled={isReading}
          onChange={({ target }) => setFormat(exportFormats.find((one) => one === target.value) ?? 'csv')}
          className="h-7 rounded-md border border-line bg-surface px-1.5"
        >
          {exportFormats.map((one) => (
            <option key={one} value={one}>
              {formatNames[one]}
            </option>
          ))}
        </select>
        <label htmlFor="export-columns" className="text-ink-faint">
          Columns
        </label>
        <select
          id="export-columns"
          value={isAll ? 'all' : 'few'}
          disabled={isReading || format === 'hubble'}
          onChange={({ target }) => setAll(target.value === 'all')}
          className="h-7 rounded-md border border-line bg-surface px-1.5"
        >
          <option value="all">All</option>
          <option value="few">The ones most read for</option>
        </select>
        <span className="text-ink-faint">Size</span>
        <span role="status">
          {plan.error !== null
            ? `not known: ${plan.error.message}`
            : plan.data === undefined
              ? 'being counted'
              : planWords(plan.data)}
        </span>
      </div>
      <div className="mt-4 flex h-8 items-center gap-3">
        {isReading ? (
          <Button onClick={() => stop.current?.abort()}>Cancel</Button>
        ) : isTooLarge ? (
          <a href={url} download={name} className={buttonStyle({ look: 'accent' })}>
            Download
          </a>
        ) : (
          <Button look="accent" disabled={plan.data === undefined && plan.error === null} onClick={() => void read()}>
            Export
          </Button>
        )}
        <Told state={state} plannedBytes={plan.data?.bytes ?? 0} isTooLarge={isTooLarge} />
      </div>
    </>
  );
}

interface ToldProps {
  readonly state: State;
  readonly plannedBytes: number;
  readonly isTooLarge: boolean;
}

function Told({ state, plannedBytes, isTooLarge }: ToldProps): ReactNode {
  switch (state.is) {
    case 'asking':
      return isTooLarge ? (
        <span className="text-xs text-ink-soft">More than a page should keep: the browser saves it as it comes.</span>
      ) : null;
    case 'failed':
      return (
        <span role="alert" className="text-xs text-warm">
          {state.message}
        </span>
      );
    case 'done':
      return (
        <span role="status" className="text-xs text-ink-soft">
          Saved {formatBytes(state.progress.bytes)}
        </span>
      );
    case 'reading':
      return (
        <span className="flex flex-1 items-center gap-2 text-xs text-ink-soft">
          <progress
            aria-label="Export"
            className="h-1.5 flex-1 accent-accent"
            max={Math.max(1, plannedBytes)}
            value={Math.min(state.progress.bytes, plannedBytes)}
          />
          {formatBytes(state.progress.bytes)}
        </span>
      );
  }
}
