/** The command palette: one field that finds views, ranges, filters and services, and does them. */
'use client';

import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useMemo, useState, type ReactNode } from 'react';

import { useInvestigation } from '../url/investigation.ts';
import { useSaved } from '../saved/saved-query.ts';
import { nodesOnPage } from '../filter/values-on-page.ts';
import { findEntries, paletteEntries, type PaletteEntry } from './palette-entries.ts';

interface PaletteProps {
  readonly isOpen: boolean;
  readonly onChange: (open: boolean) => void;
  readonly go: (path: string) => void;
  readonly copyLink: () => void;
  readonly showHelp: () => void;
}

export function Palette({ isOpen, onChange, go, copyLink, showHelp }: PaletteProps): ReactNode {
  return (
    <Dialog.Root open={isOpen} onOpenChange={onChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-50 bg-canvas/60" />
        <Dialog.Popup
          aria-label="Commands"
          className="fixed top-[14%] left-1/2 z-50 w-[560px] max-w-[92vw] -translate-x-1/2 rounded-md border border-line bg-raised shadow-float"
        >
          <PaletteList go={go} copyLink={copyLink} showHelp={showHelp} onDone={() => onChange(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

type PaletteListProps = Pick<PaletteProps, 'go' | 'copyLink' | 'showHelp'> & { readonly onDone: () => void };

function PaletteList({ go, copyLink, showHelp, onDone }: PaletteListProps): ReactNode {
  const investigation = useInvestigation();
  const client = useQueryClient();
  const { items } = useSaved();
  const router = useRouter();
  const [typed, setTyped] = useState('');
  const entries = useMemo(
    () =>
      paletteEntries({
        investigation,
        go,
        copyLink,
        showHelp,
        nodes: nodesOnPage(client),
        saved: items ?? [],
        open: (place) => router.push(place),
      }),
    [investigation, go, copyLink, showHelp, client, items, router],
  );
  const found = findEntries(entries, typed);
  return (
    <Autocomplete.Root
      inline
      open
      mode="none"
      autoHighlight="always"
      items={found}
      itemToStringValue={(entry: PaletteEntry) => entry.label}
      value={typed}
      onValueChange={setTyped}
    >
      <Autocomplete.Input
        aria-label="Command"
        placeholder="A view, a range, a service ..."
        className="h-11 w-full rounded-t-md border-b border-line bg-transparent px-4 text-base outline-none placeholder:text-ink-faint"
      />
      <Autocomplete.List className="max-h-[46vh] overflow-y-auto p-1">
        {(entry: PaletteEntry) => (
          <Autocomplete.Item
            key={entry.id}
            value={entry}
            onClick={() => {
              onDone();
              entry.run();
            }}
            className="flex h-8 cursor-pointer items-center gap-3 rounded-sm px-3 outline-none data-highlighted:bg-accent-soft data-highlighted:text-accent"
          >
            <span className="min-w-0 flex-1 truncate">{entry.label}</span>
            <span className="shrink-0 text-xs text-ink-faint">{entry.hint}</span>
          </Autocomplete.Item>
        )}
      </Autocomplete.List>
      {found.length === 0 && <p className="px-4 pb-3 text-ink-faint">Nothing here is called that.</p>}
    </Autocomplete.Root>
  );
}
