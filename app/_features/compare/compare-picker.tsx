/** Beside the range: with which earlier time the map is compared, or with none. */
'use client';

import { Menu } from '@base-ui/react/menu';
import { Check, Diff } from 'lucide-react';
import type { ReactNode } from 'react';

import { buttonStyle } from '../../_components/button.tsx';
import { useInvestigation } from '../url/investigation.ts';
import { againstFacts, againsts, type Against } from './against.ts';

const choices: readonly (Against | null)[] = [null, ...againsts];
const labelOf = (against: Against | null): string =>
  against === null ? 'Nothing: show the range alone' : againstFacts[against].label;

export function ComparePicker(): ReactNode {
  const { against, compareWith } = useInvestigation();
  return (
    <Menu.Root>
      <Menu.Trigger
        className={buttonStyle({ isOn: against !== null })}
        aria-label={against === null ? 'Compare' : `Compared with: ${againstFacts[against].label}`}
        title="Compare the map with an earlier time"
      >
        <Diff aria-hidden className="size-3.5" />
        <span className="max-[1180px]:hidden">
          {against === null ? 'Compare' : `since ${againstFacts[against].short}`}
        </span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner side="bottom" align="start" sideOffset={4} className="z-50">
          <Menu.Popup
            aria-label="Compare with"
            className="min-w-56 rounded-md border border-line bg-raised p-1 text-sm shadow-float"
          >
            <Menu.RadioGroup value={against} onValueChange={(next: Against | null) => compareWith(next)}>
              {choices.map((choice) => (
                <Menu.RadioItem
                  key={choice ?? 'none'}
                  value={choice}
                  closeOnClick
                  className="flex h-7 cursor-pointer items-center gap-2 rounded-sm px-2 outline-none data-highlighted:bg-hover"
                >
                  <span className="size-3.5">
                    <Menu.RadioItemIndicator>
                      <Check aria-hidden className="size-3.5 text-accent" />
                    </Menu.RadioItemIndicator>
                  </span>
                  {labelOf(choice)}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
