/** What is known of one edge: the sentence first, then numbers, statuses, latency, reasons, protocols. */
'use client';

import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';

import { classes } from '../../_components/classes.ts';
import {
  formatByteRate,
  formatBytes,
  formatCompact,
  formatMilliseconds,
  formatRate,
  plural,
} from '../../_viz/format/quantities.ts';
import { formatMoment } from '../../_viz/format/time.ts';
import { edgeFilter } from '../filter/filter-text.ts';
import { useZone } from '../frame/zone.ts';
import type { Picture, PictureEdge } from '../map/picture.ts';
import { edgeWords } from './edge-words.ts';
import { FactGrid, Section, ShareList, type FactItem } from './facts.tsx';
import { LazyOverTime } from './lazy-over-time.tsx';
import { PanelFrame } from './panel-frame.tsx';

interface EdgePanelProps {
  readonly item: PictureEdge;
  readonly picture: Picture;
  readonly nowMs: number;
  readonly onSelectNode: (id: string) => void;
  readonly onClose: () => void;
  /** What stands above all else. */
  readonly lead?: ReactNode;
}

const tones = {
  plain: 'bg-sunken',
  warm: 'bg-warm-soft',
  dropped: 'bg-dropped-soft',
};

export function EdgePanel({ item, picture, nowMs, onSelectNode, onClose, lead }: EdgePanelProps): ReactNode {
  const [zone] = useZone();
  const { edge } = item;
  const nameOf = (id: string): string => picture.nodes.get(id)?.node.name ?? id;
  const names = { source: nameOf(edge.source), destination: nameOf(edge.destination) };
  const clock = (ms: number): string => formatMoment(ms, nowMs, zone);
  const words = edgeWords(edge, names, picture.seconds, clock);
  const source = picture.nodes.get(edge.source)?.node;
  const destination = picture.nodes.get(edge.destination)?.node;
  const ends = source === undefined || destination === undefined ? null : edgeFilter(source, destination);
  return (
    <PanelFrame
      label={`${names.source} to ${names.destination}`}
      onClose={onClose}
      title={
        <span className="inline-flex flex-wrap items-center gap-1.5">
          <NodeLink name={names.source} onClick={() => onSelectNode(edge.source)} />
          <ArrowRight aria-label="to" className="size-3.5 shrink-0 text-ink-faint" />
          <NodeLink name={names.destination} onClick={() => onSelectNode(edge.destination)} />
        </span>
      }
    >
      {lead}
      <div className={classes('mx-4 mb-3 rounded-md px-3 py-2', tones[words.tone])}>
        <p className={classes('font-semibold', words.tone === 'dropped' && 'text-dropped')}>{words.headline}</p>
        <p className="text-xs text-ink-soft">{words.detail}</p>
      </div>
      <div className="px-4 pb-3">
        <FactGrid facts={factsOf(item, picture.seconds)} />
      </div>
      {ends !== null && <LazyOverTime filter={ends} hasRequests={edge.requests > 0} />}
      {edge.dropReasons.length > 0 && (
        <Section title="Drop reasons">
          <ShareList
            items={edge.dropReasons.map((r) => ({
              name: r.reason,
              detail: r.location,
              count: r.packets,
              tone: 'dropped',
            }))}
          />
        </Section>
      )}
      {edge.latencyMs !== null && (
        <Section title="Latency, request to response">
          <FactGrid
            facts={[
              { name: 'p50', value: formatMilliseconds(edge.latencyMs.p50) },
              { name: 'p95', value: formatMilliseconds(edge.latencyMs.p95) },
              { name: 'p99', value: formatMilliseconds(edge.latencyMs.p99) },
            ]}
          />
        </Section>
      )}
      {edge.statuses.length > 0 && (
        <Section title="Answers">
          <ShareList
            items={edge.statuses.map(({ status, count }) => ({
              name: status,
              count,
              ...(isFailure(status) ? { tone: 'warm' as const } : {}),
            }))}
          />
        </Section>
      )}
      <Section title="Protocols and ports">
        <ul className="flex flex-wrap gap-1.5">
          {edge.protocols.map(({ l4, port, l7 }) => (
            <li key={`${l4}/${port}/${l7}`} className="rounded-sm border border-line px-1.5 text-xs">
              {[l4, port > 0 ? port : '', l7].filter(Boolean).join(' ')}
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Seen">
        <p>
          {clock(edge.firstMs)} – {clock(edge.lastMs)}
        </p>
      </Section>
    </PanelFrame>
  );
}

const isFailure = (status: string): boolean => /^5\d\d$/.test(status) || ['SERVFAIL', 'REFUSED'].includes(status);

function factsOf({ edge }: PictureEdge, seconds: number): FactItem[] {
  const sent = Number(edge.bytesToDestination);
  const received = Number(edge.bytesToSource);
  return [
    ...(edge.drops > 0
      ? [{ name: 'Packets dropped', value: formatCompact(edge.drops), tone: 'dropped' as const }]
      : []),
    ...(edge.requests > 0 ? [{ name: 'Requests', value: formatRate(edge.requests, seconds) }] : []),
    ...(edge.errors > 0 ? [{ name: 'Errors', value: formatCompact(edge.errors), tone: 'warm' as const }] : []),
    ...(edge.unanswered > 0
      ? [{ name: 'Unanswered', value: formatCompact(edge.unanswered), tone: 'warm' as const }]
      : []),
    { name: 'Connections', value: formatCompact(edge.connections) },
    { name: 'Sent', value: <span title={formatBytes(sent)}>{formatByteRate(sent, seconds)}</span> },
    { name: 'Received', value: <span title={formatBytes(received)}>{formatByteRate(received, seconds)}</span> },
    ...(edge.retransmits > 0
      ? [{ name: 'Retransmits', value: formatCompact(edge.retransmits), tone: 'warm' as const }]
      : []),
    { name: 'Packets', value: <span title={plural(edge.packets, 'packet')}>{formatCompact(edge.packets)}</span> },
  ];
}

function NodeLink({ name, onClick }: { name: string; onClick: () => void }): ReactNode {
  return (
    <button
      type="button"
      className="rounded-sm text-left break-all hover:text-accent hover:underline"
      onClick={onClick}
    >
      {name}
    </button>
  );
}
