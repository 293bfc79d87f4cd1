/** One problem: what happened in plain words, what is likely behind it, what to run, and the ways on. */
'use client';

import type { ReactNode } from 'react';

import { CopyButton } from '../../_components/copy-button.tsx';
import { formatCompact } from '../../_viz/format/quantities.ts';
import { formatMoment } from '../../_viz/format/time.ts';
import { useZone } from '../frame/zone.ts';
import { FactGrid, Section } from '../selection/facts.tsx';
import { PanelFrame } from '../selection/panel-frame.tsx';
import { WaysOn } from '../selection/ways-on.tsx';
import { ValueMenu } from '../filter/value-menu.tsx';
import { quote } from '../filter/filter-text.ts';
import type { ProblemGroup } from './drop-groups.ts';
import { KnownNote } from './known-note.tsx';
import { explain, problemFilter, problemTitle } from './problem-words.ts';

interface ProblemPanelProps {
  readonly group: ProblemGroup;
  readonly nowMs: number;
  readonly onClose: () => void;
}

export function ProblemPanel({ group, nowMs, onClose }: ProblemPanelProps): ReactNode {
  const [zone] = useZone();
  const { says, causes, checks } = explain(group);
  const isDrop = group.kind === 'drop';
  const tone = isDrop ? 'dropped' : 'warm';
  return (
    <PanelFrame label="Problem" title={problemTitle(group)} subtitle={endsWords(group)} onClose={onClose}>
      <div className="space-y-3 px-4 pb-3">
        <p className={`rounded-md px-3 py-2 ${isDrop ? 'bg-dropped-soft' : 'bg-warm-soft'}`}>
          <span className={`font-semibold ${isDrop ? 'text-dropped' : 'text-warm'}`}>{group.reason}</span> {says}
        </p>
        <FactGrid
          facts={[
            { name: isDrop ? 'Packets' : 'Attempts', value: formatCompact(group.count), tone },
            ...(group.before === null ? [] : [{ name: 'Stretch before', value: formatCompact(group.before) }]),
            { name: 'First', value: <Moment ms={group.firstMs} text={formatMoment(group.firstMs, nowMs, zone)} /> },
            { name: 'Last', value: <Moment ms={group.lastMs} text={formatMoment(group.lastMs, nowMs, zone)} /> },
          ]}
        />
        <WaysOn
          source={group.source.id}
          destination={group.destination.id}
          filter={problemFilter(group)}
          without={['problem']}
        />
      </div>
      {causes.length > 0 && (
        <Section title="Likely causes">
          <ul className="list-disc space-y-1 pl-4 text-ink-soft">
            {causes.map((cause) => (
              <li key={cause}>{cause}</li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Run on the node">
        <ul className="space-y-1">
          {checks.map((command) => (
            <li key={command} className="flex items-center gap-1 rounded-sm bg-sunken pl-2">
              <code className="min-w-0 flex-1 font-mono text-xs break-words">{command}</code>
              <CopyButton text={command} what={command} />
            </li>
          ))}
        </ul>
      </Section>
      <KnownNote key={group.id} id={group.id} nowMs={nowMs} />
      <Section title="Narrow down">
        <ul className="space-y-1">
          {isDrop && (
            <li>
              <ValueMenu text={`reason ${group.reason}`} term={`reason:${quote(group.reason)}`} />
            </li>
          )}
          {group.location !== '' && (
            <li>
              {isDrop ? (
                <ValueMenu text={`at ${group.location}`} term={locationTerm(group.location)} />
              ) : (
                <ValueMenu text={`error ${group.location}`} term={`error:${quote(group.location)}`} />
              )}
            </li>
          )}
          {group.ports.map((port) => (
            <li key={port}>
              <ValueMenu text={`port ${port}`} term={`to.port:${port}`} />
            </li>
          ))}
        </ul>
      </Section>
    </PanelFrame>
  );
}

const locationTerm = (location: string): string => {
  const terms = location.split(', ').map((place) => `location:${quote(place)}`);
  return terms.length === 1 ? terms.join('') : `(${terms.join(' or ')})`;
};

function endsWords({ source, destination }: ProblemGroup): string {
  const place = ({ namespace, kind }: ProblemGroup['source']): string => (namespace === '' ? kind : namespace);
  return `${place(source)} → ${place(destination)}`;
}

function Moment({ ms, text }: { ms: number; text: string }): ReactNode {
  return (
    <time dateTime={new Date(ms).toISOString()} className="text-sm">
      {text}
    </time>
  );
}
