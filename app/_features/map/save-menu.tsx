/** The map's menu: what is drawn as a picture or as data. */
'use client';

import { Popover } from '@base-ui/react/popover';
import { Download } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { Button, buttonStyle } from '../../_components/button.tsx';
import type { MapLayout } from '../../_viz/layout/layout-map.ts';
import type { MapAbout } from './map-caption.ts';
import type { Picture } from './picture.ts';
import type { MapFormat } from './save-map.ts';

interface SaveMenuProps {
  readonly about: MapAbout;
  readonly picture: Picture;
  readonly layout: MapLayout;
}

const choices: readonly { readonly format: MapFormat; readonly label: string }[] = [
  { format: 'png', label: 'Picture, PNG' },
  { format: 'svg', label: 'Drawing, SVG' },
  { format: 'json', label: 'Cards, edges and places, JSON' },
];

export function SaveMenu({ about, picture, layout }: SaveMenuProps): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const save = async (format: MapFormat): Promise<void> => {
    setOpen(false);
    setProblem(null);
    try {
      // Fetched with the first map that is saved.
      const { saveMap } = await import('./save-map.ts');
      await saveMap(format, about, picture, layout);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger
        className={buttonStyle({ look: 'ghost', size: 'icon' })}
        aria-label="Save the map"
        title="Save the map as a picture or as data"
      >
        <Download aria-hidden className="size-4" />
      </Popover.Trigger>
      {problem !== null && (
        <p
          role="alert"
          className="absolute right-10 bottom-0 w-64 rounded-md border border-line bg-raised px-3 py-2 text-xs shadow-float"
        >
          The map was not saved: {problem}
        </p>
      )}
      <Popover.Portal>
        <Popover.Positioner side="left" align="end" sideOffset={6} className="z-50">
          <Popover.Popup
            aria-label="Save the map as"
            className="rounded-md border border-line bg-raised p-1 text-sm shadow-float"
          >
            {choices.map(({ format, label }) => (
              <Button key={format} look="ghost" className="w-full justify-start" onClick={() => void save(format)}>
                {label}
              </Button>
            ))}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
