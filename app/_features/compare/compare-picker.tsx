/** Beside the range: with which earlier time the map is compared, or with none. */
'use client';

import { Popover } from '@base-ui/react/popover';
import { Check, Diff } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { Button, buttonStyle } from '../../_components/button.tsx';
import { useInvestigation } from '../url/investigation.ts';
import { againstFacts, againsts, type Against } from './against.ts';

const choices: readonly (Against | null)[] = [null, ...againsts];
const labelOf = (against: Against | null): string =>
  against === null ? 'Nothing: show the range alone' : againstFacts[against].label;

export function ComparePicker(): ReactNode {
  const { against, compareWith } = useInvestigation();
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger
        className={buttonStyle({ isOn: against !== null })}
        aria-label={against === null ? 'Compare' : `Compared with: ${againstFacts[against].label}`}
        title="Compare the map with an earlier time"
      >
        <Diff aria-hidden className="size-3.5" />
        <span className="max-[1180px]:hidden">
          {against === null ? 'Compare' : `since ${againstFacts[against].short}`}
        </span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="bottom" align="start" sideOffset={4} className="z-50">
          <Popover.Popup
            aria-label="Compare with"
            className="min-w-56 rounded-md border border-line bg-raised p-1 text-sm shadow-float"
          >
            {choices.map((choice) => (
              <Button
                key={choice ?? 'none'}
                look="ghost"
                aria-pressed={choice === against}
                className="w-full justify-start gap-2"
                onClick={() => {
                  compareWith(choice);
                  setOpen(false);
                }}
              >
                <span className="size-3.5">
                  {choice === against && <Check aria-hidden className="size-3.5 text-accent" />}
                </span>
                {labelOf(choice)}
              </Button>
            ))}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
