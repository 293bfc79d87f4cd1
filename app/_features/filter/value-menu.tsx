/** A value that is also a filter: a click offers to show only it, to add it, to leave it out, or to copy it. */
'use client';

import { Menu } from '@base-ui/react/menu';
import type { ReactNode } from 'react';

import { useInvestigation } from '../url/investigation.ts';
import { allOf } from './filter-text.ts';

interface ValueMenuProps {
  readonly text: string;
  /** The filter that passes flows with this value. */
  readonly term: string;
}

export function ValueMenu({ text, term }: ValueMenuProps): ReactNode {
  const { filter, setFilter } = useInvestigation();
  return (
    <Menu.Root>
      <Menu.Trigger className="-mx-1 rounded-sm px-1 text-left break-words decoration-dotted underline-offset-4 hover:bg-hover hover:underline">
        {text}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner side="bottom" align="start" sideOffset={2} className="z-50">
          <Menu.Popup className="rounded-md border border-line bg-raised p-1 text-sm shadow-float outline-none">
            <Item label="Only this" hint={term} onClick={() => setFilter(term)} />
            {filter !== '' && <Item label="Also this" onClick={() => setFilter(allOf(filter, term))} />}
            <Item label="Without this" onClick={() => setFilter(allOf(filter, `not (${term})`))} />
            <Item label="Copy" onClick={() => void navigator.clipboard.writeText(text)} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Item({ label, hint, onClick }: { label: string; hint?: string; onClick: () => void }): ReactNode {
  return (
    <Menu.Item
      className="flex h-7 cursor-pointer items-center gap-4 rounded-sm px-2 outline-none data-highlighted:bg-hover"
      onClick={onClick}
    >
      {label}
      {hint !== undefined && (
        <span className="ml-auto max-w-56 truncate font-mono text-2xs text-ink-faint">{hint}</span>
      )}
    </Menu.Item>
  );
}
