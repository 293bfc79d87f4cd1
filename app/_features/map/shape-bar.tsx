/** The line above the map: how its data is shown, and a field to find in it where it is not drawn. */
'use client';

import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { Grid3x3, History, List, Waypoints } from 'lucide-react';
import type { ReactNode } from 'react';

import { Button, buttonStyle } from '../../_components/button.tsx';
import { classes } from '../../_components/classes.ts';
import { mapShapes, type MapShape } from './map-shape.ts';
import { ReplayBar } from './replay-bar.tsx';
import type { Replay } from './replay.ts';

const names: Readonly<Record<MapShape, string>> = { map: 'Map', list: 'List', matrix: 'Matrix' };
const icons = { map: Waypoints, list: List, matrix: Grid3x3 };

interface ShapeBarProps {
  readonly shape: MapShape;
  readonly onShape: (shape: MapShape) => void;
  readonly typed: string;
  readonly onType: (typed: string) => void;
  readonly replay: Replay | null;
  readonly onReplay: () => void;
}

export function ShapeBar({ shape, onShape, typed, onType, replay, onReplay }: ShapeBarProps): ReactNode {
  return (
    <div className="flex h-9 shrink-0 items-center gap-3 border-b border-line bg-surface px-3">
      <ToggleGroup
        aria-label="Show as"
        value={[shape]}
        onValueChange={(values: string[]) => {
          const chosen = mapShapes.find((item) => item === values.at(-1));
          if (chosen !== undefined) onShape(chosen);
        }}
        className="flex rounded-md border border-line"
      >
        {mapShapes.map((item) => {
          const Icon = icons[item];
          return (
            <Toggle
              key={item}
              value={item}
              className={classes(
                buttonStyle({ look: 'ghost', size: 'small' }),
                'rounded-none first:rounded-l-md last:rounded-r-md',
                item === shape && 'bg-accent-soft font-medium text-accent',
              )}
            >
              <Icon aria-hidden className="size-3.5" />
              {names[item]}
            </Toggle>
          );
        })}
      </ToggleGroup>
      {shape !== 'map' && (
        <input
          type="search"
          aria-label="Find in the map's edges"
          placeholder="Find a name, or two"
          value={typed}
          spellCheck={false}
          onChange={(event) => onType(event.target.value)}
          className="h-6 w-64 min-w-0 rounded-md border border-line bg-surface px-2 text-xs text-ink placeholder:text-ink-faint"
        />
      )}
      {replay === null ? (
        <Button look="ghost" size="small" className="ml-auto" title="Walk through the range" onClick={onReplay}>
          <History aria-hidden className="size-3.5" />
          Replay
        </Button>
      ) : (
        <ReplayBar replay={replay} />
      )}
    </div>
  );
}
