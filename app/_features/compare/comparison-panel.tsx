/** The right panel while the map is compared: the list of what changed, or what is selected with the way back to it. */
'use client';

import { useMemo, useState, type ReactNode } from 'react';

import type { Picture } from '../map/picture.ts';
import { useInvestigation, selectionKey, type Selection } from '../url/investigation.ts';
import { againstFacts } from './against.ts';
import { listChanges, type ChangeSection, type ListedChange } from './change-list.ts';
import { drawnEdge } from './change-marks.ts';
import { ComparedSection, ListBar } from './compared-section.tsx';
import type { Comparison } from './comparison-query.ts';
import { doubtsOf } from './doubts.ts';
import { changesOf, WhatChanged } from './what-changed.tsx';

interface ComparisonPanelProps {
  readonly comparison: Comparison;
  readonly picture: Picture;
  readonly selection: Selection | null;
  readonly onSelect: (selection: Selection | null) => void;
  /** The panel of what is selected, with this at its head. */
  readonly panel: (lead: ReactNode) => ReactNode;
}

const nothing: readonly ChangeSection[] = [];

export function ComparisonPanel({ comparison, picture, selection, onSelect, panel }: ComparisonPanelProps): ReactNode {
  const { compareWith, showSpan } = useInvestigation();
  /** The one that was chosen from the list, which is where the way back leads. */
  const [openId, setOpenId] = useState<string | null>(null);
  const { diff, against } = comparison;
  const { cardOf } = picture;
  const sections = useMemo(() => (diff === undefined ? nothing : listChanges(diff)), [diff]);
  const doubts = useMemo(
    () => (diff === undefined ? [] : doubtsOf(diff, against, hasCommon(picture))),
    [diff, against, picture],
  );
  const choose = (change: ListedChange): void => {
    setOpenId(change.id);
    onSelect(selectionOf(change, cardOf));
  };
  if (selection === null) {
    return (
      <WhatChanged
        comparison={comparison}
        sections={sections}
        doubts={doubts}
        lastId={openId}
        onChoose={choose}
        onClose={() => compareWith(null)}
      />
    );
  }
  const all = sections.flatMap(({ changes }) => changes);
  const stands = all.flatMap((change, at) =>
    selectionKey(selectionOf(change, cardOf)) === selectionKey(selection) ? [at] : [],
  );
  const at = stands.find((place) => all[place]?.id === openId) ?? stands[0] ?? -1;
  const step = (to: number): void => {
    const change = all[to];
    if (change !== undefined) choose(change);
  };
  const lead =
    diff === undefined ? null : (
      <ComparedSection
        changes={changesOf(selection, diff.edges, cardOf)}
        than={againstFacts[against].short}
        isEdge={selection.kind === 'edge'}
        onShowBefore={() => showSpan(diff.before.fromMs, diff.before.toMs)}
      />
    );
  return (
    <div className="flex h-full flex-col">
      <ListBar at={at} total={all.length} isFocused={openId !== null} onBack={() => onSelect(null)} onStep={step} />
      <div className="min-h-0 flex-1">{panel(lead)}</div>
    </div>
  );
}

function selectionOf(change: ListedChange, cardOf: ReadonlyMap<string, string>): Selection {
  const { source, destination } = drawnEdge(change, cardOf);
  return { kind: 'edge', source, destination };
}

const hasCommon = (picture: Picture): boolean =>
  [...picture.edges.values()].some(({ mark }) => mark === null || mark.change === 'changed');
