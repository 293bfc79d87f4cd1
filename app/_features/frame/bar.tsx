/** The line under the header: range, live, filter and grouping. They belong to the frame and survive a change of view. */
'use client';

import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { RotateCw } from 'lucide-react';
import { useIsFetching, useQueryClient } from '@tanstack/react-query';
import { usePathname } from 'next/navigation';
import type { ReactNode, RefObject } from 'react';

import { groupings, type Grouping } from '../../../model/api.ts';
import { Button, buttonStyle } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { ComparePicker } from '../compare/compare-picker.tsx';
import { ExportButton } from '../export/export-button.tsx';
import { FilterInput } from '../filter/filter-input.tsx';
import { useShownEvidence } from '../health/shown-evidence.tsx';
import { useLive } from '../live/live-context.tsx';
import { RangePicker } from '../range/range-picker.tsx';
import { SavedMenu } from '../saved/saved-menu.tsx';
import { useInvestigation } from '../url/investigation.ts';

export function Bar({ filterField }: { filterField: RefObject<HTMLInputElement | null> }): ReactNode {
  const path = usePathname();
  return (
    <div className="flex h-11 items-center gap-3 border-b border-line bg-surface px-4">
      <RangePicker />
      {path === '/' && <ComparePicker />}
      <LiveToggle />
      <FilterInput field={filterField} />
      <SavedMenu />
      {path === '/' && <GroupingSwitch />}
      {path !== '/status' && <ExportButton />}
    </div>
  );
}

function LiveToggle(): ReactNode {
  const { isLive, setLive } = useInvestigation();
  const { state } = useLive();
  const client = useQueryClient();
  const isFetching = useIsFetching() > 0;
  const said = { off: 'Live is off', connecting: 'Connecting', open: 'Live', waiting: 'Connection lost, trying again' }[
    isLive ? state : 'off'
  ];
  return (
    <div className="flex items-center gap-1">
      <Button isOn={isLive} aria-pressed={isLive} title={`${said}  l`} onClick={() => setLive(!isLive)}>
        <span
          aria-hidden
          className={classes(
            'size-2 rounded-full',
            !isLive ? 'border border-line-strong' : state === 'open' ? 'bg-fine' : 'animate-pulse bg-edge-warm',
          )}
        />
        Live
      </Button>
      {isLive ? (
        <span role="status" className="sr-only">
          {said}
        </span>
      ) : (
        <Button
          look="ghost"
          size="icon"
          aria-label="Read again"
          title="Read again"
          onClick={() => void client.refetchQueries({ type: 'active' })}
        >
          <RotateCw aria-hidden className={classes('size-3.5', isFetching && 'animate-spin')} />
        </Button>
      )}
    </div>
  );
}

const groupingNames: Readonly<Record<Grouping, string>> = { workload: 'Workload', namespace: 'Namespace', pod: 'Pod' };

function GroupingSwitch(): ReactNode {
  const { grouping, setGrouping } = useInvestigation();
  const { grouping: shown } = useShownEvidence();
  const current = grouping ?? shown ?? 'workload';
  return (
    <ToggleGroup
      aria-label="Group by"
      value={[current]}
      onValueChange={(values: string[]) => {
        const chosen = groupings.find((item) => item === values.at(-1));
        if (chosen !== undefined) setGrouping(chosen);
      }}
      className="flex rounded-md border border-line bg-surface"
    >
      {groupings.map((item) => (
        <Toggle
          key={item}
          value={item}
          className={classes(
            buttonStyle({ look: 'ghost' }),
            'h-6.5 rounded-none first:rounded-l-md last:rounded-r-md',
            item === current && 'bg-accent-soft font-medium text-accent',
          )}
        >
          {groupingNames[item]}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}
