/** The edges for keyboard and screen reader: one button each, out of sight, since a picture has none. */
'use client';

import { memo, type ReactNode } from 'react';

import { plural } from '../../_viz/format/quantities.ts';
import { protocolLabel } from './edge-facts.ts';
import type { Picture, PictureEdge } from './picture.ts';

interface EdgeButtonsProps {
  readonly picture: Picture;
  readonly selectedId: string | null;
  readonly tabStopId: string | null;
  readonly onSelect: (id: string) => void;
  readonly onFocus: (id: string | null) => void;
}

export const EdgeButtons = memo(function EdgeButtons(props: EdgeButtonsProps): ReactNode {
  const { picture, selectedId, tabStopId, onSelect, onFocus } = props;
  const nameOf = (id: string): string => picture.nodes.get(id)?.node.name ?? id;
  return (
    <div className="sr-only">
      {[...picture.edges.values()].map((item) => {
        const { id, source, destination } = item.edge;
        return (
          <EdgeButton
            key={id}
            item={item}
            names={`${nameOf(source)} → ${nameOf(destination)}`}
            isSelected={id === selectedId}
            isTabStop={id === tabStopId}
            onSelect={onSelect}
            onFocus={onFocus}
          />
        );
      })}
    </div>
  );
});

interface EdgeButtonProps {
  readonly item: PictureEdge;
  readonly names: string;
  readonly isSelected: boolean;
  readonly isTabStop: boolean;
  readonly onSelect: (id: string) => void;
  readonly onFocus: (id: string | null) => void;
}

const EdgeButton = memo(function EdgeButton(props: EdgeButtonProps): ReactNode {
  const { item, names, isSelected, isTabStop, onSelect, onFocus } = props;
  const { edge, state, label } = item;
  const words = [names, protocolLabel(edge), label, edge.errors > 0 ? plural(edge.errors, 'error') : ''];
  return (
    <button
      type="button"
      tabIndex={isTabStop ? 0 : -1}
      aria-label={words.filter(Boolean).join(', ')}
      aria-pressed={isSelected}
      data-focus={`edge ${edge.id}`}
      data-state={state}
      onClick={() => onSelect(edge.id)}
      onFocus={() => onFocus(edge.id)}
      onBlur={() => onFocus(null)}
    />
  );
});
