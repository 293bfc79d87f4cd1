/** What the keys do. */
'use client';

import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

import { buttonStyle } from '../../_components/button.tsx';
import { shortcuts } from './shortcuts.ts';

export function HelpDialog({ isOpen, onChange }: { isOpen: boolean; onChange: (open: boolean) => void }): ReactNode {
  return (
    <Dialog.Root open={isOpen} onOpenChange={onChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-50 bg-canvas/60" />
        <Dialog.Popup className="fixed top-1/4 left-1/2 z-50 w-96 -translate-x-1/2 rounded-md border border-line bg-raised p-4 shadow-float">
          <div className="mb-2 flex items-center justify-between">
            <Dialog.Title className="text-base font-semibold">Keys</Dialog.Title>
            <Dialog.Close className={buttonStyle({ look: 'ghost', size: 'icon' })} aria-label="Close">
              <X aria-hidden className="size-4" />
            </Dialog.Close>
          </div>
          <dl className="grid grid-cols-[88px_1fr] gap-y-1.5">
            {shortcuts.map(({ keys, says }) => (
              <div key={keys} className="contents">
                <dt>
                  <kbd className="rounded-sm border border-line bg-sunken px-1.5 font-sans text-xs">{keys}</kbd>
                </dt>
                <dd className="text-ink-soft">{says}</dd>
              </div>
            ))}
          </dl>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
