/** Opens the export of what the page is asked about; its dialog is fetched when it is first wanted. */
'use client';

import { Download } from 'lucide-react';
import { lazy, Suspense, useState, type ReactNode } from 'react';

import { Button } from '../../_components/button.tsx';

const ExportDialog = lazy(() => import('./export-dialog.tsx').then((module) => ({ default: module.ExportDialog })));

export function ExportButton(): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button aria-haspopup="dialog" title="Export the flows of this range and filter" onClick={() => setOpen(true)}>
        <Download aria-hidden className="size-3.5" />
        Export
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <ExportDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
