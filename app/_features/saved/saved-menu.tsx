/** Opens what people saved for each other; the panel is fetched when it is first wanted. */
'use client';

import { Popover } from '@base-ui/react/popover';
import { Bookmark } from 'lucide-react';
import { lazy, Suspense, useState, type ReactNode } from 'react';

import { buttonStyle } from '../../_components/button.tsx';

const SavedPanel = lazy(() => import('./saved-panel.tsx').then((module) => ({ default: module.SavedPanel })));

export function SavedMenu(): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger
        className={buttonStyle({ size: 'icon' })}
        aria-label="Saved views and filters"
        title="Saved views and filters"
      >
        <Bookmark aria-hidden className="size-3.5" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="bottom" align="end" sideOffset={4} className="z-50">
          <Popover.Popup
            aria-label="Saved views and filters"
            className="w-96 rounded-md border border-line bg-raised text-sm shadow-float"
          >
            <Suspense fallback={<div className="h-32" />}>
              <SavedPanel onDone={() => setOpen(false)} />
            </Suspense>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
