/** The bottom drawer with the flows of what is selected on the map. */
'use client';

import { ChevronDown, ChevronUp } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Flow } from '../../../model/api.ts';
import { Button } from '../../_components/button.tsx';
import { Resizable } from '../../_components/resizable.tsx';
import { useStored } from '../../_components/stored.ts';
import { FlowTable } from './flow-table.tsx';

interface FlowsDrawerProps {
  readonly title: string;
  readonly filter: string;
  readonly open: Flow | null;
  readonly onOpen: (flow: Flow | null) => void;
}

export function FlowsDrawer({ title, filter, open, onOpen }: FlowsDrawerProps): ReactNode {
  const [stored, store] = useStored('drawer', 'open');
  const isOpen = stored !== 'closed';
  const Icon = isOpen ? ChevronDown : ChevronUp;
  const heading = (
    <div className="flex h-8 items-center gap-2 border-t border-line bg-surface pr-2 pl-3">
      <h2 className="min-w-0 flex-1 truncate text-xs font-semibold">{title}</h2>
      <Button
        look="ghost"
        size="icon"
        aria-expanded={isOpen}
        aria-label={isOpen ? 'Hide the flows' : 'Show the flows'}
        onClick={() => store(isOpen ? 'closed' : 'open')}
      >
        <Icon aria-hidden className="size-4" />
      </Button>
    </div>
  );
  if (!isOpen) return heading;
  return (
    <Resizable name="drawer" label="Height of the drawer" side="top" initial={272} min={140} max={520}>
      <section aria-label={title} className="flex h-full flex-col">
        {heading}
        <div className="min-h-0 flex-1">
          <FlowTable filter={filter} open={open} onOpen={onOpen} />
        </div>
      </section>
    </Resizable>
  );
}
