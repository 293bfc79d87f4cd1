/** What is known of one card: what fails, its numbers, whom it calls and who calls it. */
'use client';

import { X } from 'lucide-react';
import type { ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import { formatByteRate, formatCompact, formatRate, plural } from '../../_viz/format/quantities.ts';
import { nodeFilter } from '../filter/filter-text.ts';
import { bytesOf } from '../map/edge-facts.ts';
import { KindIcon } from '../map/kind-icon.tsx';
import type { Picture, PictureEdge, PictureNode } from '../map/picture.ts';
import { FactGrid, Section, ShareList, type ShareItem } from './facts.tsx';
import { LazyOverTime } from './lazy-over-time.tsx';
import { PanelFrame } from './panel-frame.tsx';

interface NodePanelProps {
  readonly item: PictureNode;
  readonly picture: Picture;
  readonly onSelectEdge: (item: PictureEdge) => void;
  readonly onClose: () => void;
  /** What stands above all else. */
  readonly lead?: ReactNode;
}

export function NodePanel({ item, picture, onSelectEdge, onClose, lead }: NodePanelProps): ReactNode {
  const { node } = item;
  const all = [...picture.edges.values()];
  const calls = worstFirst(all.filter(({ edge }) => edge.source === node.id));
  const callers = worstFirst(all.filter(({ edge }) => edge.destination === node.id));
  const isShared = (list: readonly PictureEdge[]): number => list.reduce((sum, { edge }) => sum + bytesOf(edge), 0);
  const requestsIn = callers.reduce((sum, { edge }) => sum + edge.requests, 0);
  const reasons = reasonsOf([...calls, ...callers]);
  const requestsOut = calls.reduce((sum, { edge }) => sum + edge.requests, 0);
  return (
    <PanelFrame
      label={node.name}
      onClose={onClose}
      title={node.name}
      subtitle={
        <span className="inline-flex items-center gap-1.5">
          <KindIcon kind={node.kind} className="size-3.5" />
          {[node.kind, node.namespace, node.cluster].filter(Boolean).join(' · ')}
        </span>
      }
    >
      {lead}
      <div className="px-4 pb-3">
        <FactGrid
          facts={[
            ...(item.drops > 0
              ? [{ name: 'Packets dropped', value: formatCompact(item.drops), tone: 'dropped' as const }]
              : []),
            { name: 'Requests in', value: formatRate(requestsIn, picture.seconds) },
            { name: 'Requests out', value: formatRate(requestsOut, picture.seconds) },
            { name: 'Traffic as server', value: formatByteRate(isShared(callers), picture.seconds) },
            { name: 'Traffic as client', value: formatByteRate(isShared(calls), picture.seconds) },
          ]}
        />
      </div>
      <LazyOverTime filter={nodeFilter(node)} hasRequests={requestsIn + requestsOut > 0} />
      {reasons.length > 0 && (
        <Section title="Drop reasons">
          <ShareList items={reasons} />
        </Section>
      )}
      <Peers
        title="Calls"
        empty="Calls nothing in this range."
        edges={calls}
        picture={picture}
        end="destination"
        onSelectEdge={onSelectEdge}
      />
      <Peers
        title="Called by"
        empty="Nothing calls it in this range."
        edges={callers}
        picture={picture}
        end="source"
        onSelectEdge={onSelectEdge}
      />
      {item.members.length > 0 && (
        <Section title={`Stands for ${plural(item.members.length, 'endpoint')}`}>
          <ul className="max-h-56 overflow-auto">
            {item.members.map((member) => (
              <li key={member.id} className="truncate">
                {member.name}
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Texts title="Ports it answers on" texts={portsOf(callers)} />
      <Texts title="Pods" texts={node.pods.filter((pod) => pod !== node.name)} />
      <Texts title="Addresses" texts={node.addresses.filter((address) => address !== node.name)} />
    </PanelFrame>
  );
}

const worstFirst = (edges: readonly PictureEdge[]): PictureEdge[] =>
  [...edges].sort(
    (a, b) => b.edge.drops - a.edge.drops || b.edge.requests - a.edge.requests || bytesOf(b.edge) - bytesOf(a.edge),
  );

/** Reasons of all its edges; a call to itself is in both lists and counts once. */
function reasonsOf(edges: readonly PictureEdge[]): ShareItem[] {
  const counts = new Map<string, number>();
  for (const { edge } of new Set(edges)) {
    for (const { reason, packets } of edge.dropReasons) counts.set(reason, (counts.get(reason) ?? 0) + packets);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => ({ name, count, tone: 'dropped' as const }));
}

function portsOf(callers: readonly PictureEdge[]): string[] {
  const ports = callers.flatMap(({ edge }) => edge.protocols.filter(({ port }) => port > 0));
  return [...new Set(ports.map(({ l4, port, l7 }) => [l4, port, l7].filter(Boolean).join(' ')))].sort();
}

interface PeersProps {
  readonly title: string;
  readonly empty: string;
  readonly edges: readonly PictureEdge[];
  readonly picture: Picture;
  readonly end: 'source' | 'destination';
  readonly onSelectEdge: (item: PictureEdge) => void;
}

function Peers({ title, empty, edges, picture, end, onSelectEdge }: PeersProps): ReactNode {
  return (
    <Section title={edges.length === 0 ? title : `${title} ${edges.length}`}>
      {edges.length === 0 ? (
        <p className="text-ink-faint">{empty}</p>
      ) : (
        <ul className="-mx-2">
          {edges.map((item) => {
            const peer = picture.nodes.get(item.edge[end]);
            const tone = { plain: '', marked: 'text-dropped', warm: 'text-warm', dropped: 'text-dropped font-medium' };
            return (
              <li key={item.edge.id}>
                <button
                  type="button"
                  className="flex h-7 w-full items-center gap-2 rounded-sm px-2 text-left hover:bg-hover"
                  onClick={() => onSelectEdge(item)}
                >
                  <KindIcon kind={peer?.node.kind ?? ''} className="size-3.5 shrink-0 text-ink-faint" />
                  <span className="min-w-0 flex-1 truncate">{peer?.node.name ?? item.edge[end]}</span>
                  <span className={classes('flex items-center gap-1 text-xs text-ink-faint', tone[item.state])}>
                    {item.state === 'dropped' && <X aria-hidden className="size-3" strokeWidth={3} />}
                    {item.label}
                  </span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}

function Texts({ title, texts }: { title: string; texts: readonly string[] }): ReactNode {
  if (texts.length === 0) return null;
  return (
    <Section title={title}>
      <ul className="text-xs">
        {texts.map((text) => (
          <li key={text} className="truncate font-mono">
            {text}
          </li>
        ))}
      </ul>
    </Section>
  );
}
