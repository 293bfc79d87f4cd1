/** The right panel's frame: title, close, and a body that scrolls. */
'use client';

import { X } from 'lucide-react';
import type { ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';

interface PanelFrameProps {
  readonly title: ReactNode;
  readonly subtitle?: ReactNode;
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function PanelFrame({ title, subtitle, label, onClose, children }: PanelFrameProps): ReactNode {
  return (
    <aside aria-label={label} className="flex h-full flex-col border-l border-line bg-surface">
      <header className="flex items-start gap-2 py-2.5 pr-2 pl-4">
        <div className="min-w-0 flex-1">
          <h2 className="text-sm font-semibold break-words">{title}</h2>
          {subtitle !== undefined && <p className="text-xs text-ink-faint">{subtitle}</p>}
        </div>
        <Button look="ghost" size="icon" aria-label="Close" title="Close  Esc" onClick={onClose}>
          <X aria-hidden className="size-4" />
        </Button>
      </header>
      <div tabIndex={0} role="region" aria-label={`${label}: details`} className="min-h-0 flex-1 overflow-y-auto pb-3">
        {children}
      </div>
    </aside>
  );
}
