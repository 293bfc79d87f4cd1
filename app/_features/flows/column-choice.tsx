/** Chooses the columns of the flow table: presets, groups, and the order of those shown. */
'use client';

import { Popover } from '@base-ui/react/popover';
import { ArrowDown, ArrowUp, Columns3, X } from 'lucide-react';
import type { ReactNode } from 'react';

import { Button, buttonStyle } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { moved, presets } from './columns.ts';
import type { Columns } from './use-columns.ts';

export function ColumnChoice({ columns }: { columns: Columns }): ReactNode {
  return (
    <Popover.Root>
      <Popover.Trigger className={classes(buttonStyle({ look: 'ghost', size: 'small' }))}>
        <Columns3 aria-hidden className="size-3.5" />
        Columns
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="bottom" align="end" sideOffset={4} className="z-50">
          <Popover.Popup
            aria-label="Columns"
            className="w-[560px] max-w-[94vw] rounded-md border border-line bg-raised text-sm shadow-float"
          >
            <div className="flex flex-wrap gap-1 border-b border-line p-2">
              <Button size="small" isOn={columns.chosen === null} onClick={() => columns.choose(null)}>
                Standard
              </Button>
              {Object.entries(presets).map(([name, ids]) => (
                <Button
                  key={name}
                  size="small"
                  isOn={columns.ids.join() === ids.join()}
                  onClick={() => columns.choose(ids)}
                >
                  {name}
                </Button>
              ))}
            </div>
            <div className="grid grid-cols-2">
              <Shown columns={columns} />
              <Offered columns={columns} />
            </div>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

const list = 'max-h-80 overflow-auto p-2';

function Shown({ columns: { all, ids, choose } }: { columns: Columns }): ReactNode {
  const nameOf = (id: string): string => all.find((column) => column.id === id)?.name ?? id;
  return (
    <section aria-label="Shown" className="border-r border-line">
      <h2 className="px-2 pt-2 text-xs font-semibold text-ink-soft">Shown, in this order</h2>
      <ul className={list}>
        {ids.map((id) => (
          <li key={id} className="flex h-7 items-center">
            <span className="min-w-0 flex-1 truncate">{nameOf(id)}</span>
            <Step id={id} label={`${nameOf(id)} earlier`} icon={ArrowUp} onClick={() => choose(moved(ids, id, -1))} />
            <Step id={id} label={`${nameOf(id)} later`} icon={ArrowDown} onClick={() => choose(moved(ids, id, 1))} />
            <Step
              id={id}
              label={`Hide ${nameOf(id)}`}
              icon={X}
              isOff={ids.length === 1}
              onClick={() => choose(ids.filter((one) => one !== id))}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface StepProps {
  readonly id: string;
  readonly label: string;
  readonly icon: typeof X;
  readonly isOff?: boolean;
  readonly onClick: () => void;
}

function Step({ label, icon: Icon, isOff = false, onClick }: StepProps): ReactNode {
  return (
    <Button
      look="ghost"
      size="small"
      className="size-6 px-0"
      aria-label={label}
      title={label}
      disabled={isOff}
      onClick={onClick}
    >
      <Icon aria-hidden className="size-3.5" />
    </Button>
  );
}

function Offered({ columns: { all, ids, choose } }: { columns: Columns }): ReactNode {
  const groups = [...new Set(all.map(({ group }) => group))];
  return (
    <section aria-label="All columns">
      <h2 className="px-2 pt-2 text-xs font-semibold text-ink-soft">All columns</h2>
      <div className={list} tabIndex={0} role="region" aria-label="All columns by group">
        {groups.map((group) => (
          <fieldset key={group} className="mb-2">
            <legend className="text-2xs text-ink-faint">{group}</legend>
            {all
              .filter((column) => column.group === group)
              .map(({ id, name }) => (
                <label key={id} className="flex h-6 items-center gap-2">
                  <input
                    type="checkbox"
                    checked={ids.includes(id)}
                    disabled={ids.length === 1 && ids.includes(id)}
                    onChange={({ target }) => choose(target.checked ? [...ids, id] : ids.filter((one) => one !== id))}
                  />
                  {name}
                </label>
              ))}
          </fieldset>
        ))}
      </div>
    </section>
  );
}
