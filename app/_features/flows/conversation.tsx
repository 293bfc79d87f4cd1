/** One connection as every node saw it: what each end counted, and its rows in order, both directions. */
'use client';

import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, ArrowLeftRight, ArrowRight, X } from 'lucide-react';
import type { ReactNode } from 'react';

import { connectionResponseSchema, type ConnectionEnd, type Flow } from '../../../model/api.ts';
import { classes } from '../../_components/classes.ts';
import { Problem } from '../../_components/message.tsx';
import { formatBytes, formatCount } from '../../_viz/format/quantities.ts';
import { formatMillis, parseTime } from '../../_viz/format/time.ts';
import { getJson } from '../api/client.ts';
import { useZone } from '../frame/zone.ts';
import { Section } from '../selection/facts.tsx';
import { conversationLines, lostBetween, type Line, type Way } from './conversation-words.ts';
import { hasFailed } from './flow-words.ts';

/** How far around the row its connection is looked for. */
const aroundMs = 3_600_000;
const mostLines = '1000';

interface ConversationProps {
  readonly flow: Flow;
  readonly onOpen: (flow: Flow) => void;
}

export function Conversation({ flow, onOpen }: ConversationProps): ReactNode {
  const ms = parseTime(flow.time);
  const question = {
    id: flow.connectionId,
    from: String(ms - aroundMs),
    to: String(ms + aroundMs),
    limit: mostLines,
  };
  const { data, error, refetch } = useQuery({
    queryKey: ['connection', question],
    queryFn: ({ signal }) => getJson('/api/v1/connection', question, connectionResponseSchema, signal),
  });
  if (data === undefined) {
    if (error !== null) {
      return <Problem title="The conversation could not be read" error={error} onRetry={() => void refetch()} />;
    }
    return (
      <div role="status" aria-label="Loading the conversation" className="space-y-2 px-4">
        {Array.from({ length: 10 }, (_, index) => (
          <span key={index} className="skeleton block h-5" />
        ))}
      </div>
    );
  }
  const lost = lostBetween(data.ends);
  return (
    <>
      <Section title="Counted at each end, in the two hours around">
        <Ends ends={data.ends} />
        {lost !== null && <p className="mt-1 text-xs font-medium text-dropped">{lost}</p>}
      </Section>
      <Section title={`${formatCount(data.flows.length)} rows in order`}>
        {data.evidence.truncated && (
          <p className="mb-1 text-xs text-warm">Only the first {formatCount(data.evidence.limit)} rows.</p>
        )}
        <ol className="-mx-2">
          {conversationLines(data).map((line) => (
            <ConversationLine
              key={`${line.flow.time} ${line.flow.id}`}
              line={line}
              isOpen={line.flow.id === flow.id && line.flow.time === flow.time}
              onOpen={onOpen}
            />
          ))}
        </ol>
      </Section>
    </>
  );
}

function Ends({ ends }: { ends: readonly ConnectionEnd[] }): ReactNode {
  return (
    <table className="w-full text-xs">
      <thead>
        <tr className="text-right text-2xs text-ink-faint">
          <th scope="col" className="text-left font-medium">
            Seen by
          </th>
          <th scope="col" className="font-medium">
            There
          </th>
          <th scope="col" className="font-medium">
            Back
          </th>
          <th scope="col" className="font-medium">
            Sent again
          </th>
          <th scope="col" className="font-medium">
            Dropped
          </th>
        </tr>
      </thead>
      <tbody>
        {ends.map((end) => (
          <tr key={`${end.node} ${end.reporter}`} className="text-right">
            <th scope="row" className="text-left font-normal">
              {end.node}, {end.reporter}
            </th>
            <td title={formatBytes(end.bytesToDst)}>{formatCount(end.packetsToDst)}</td>
            <td title={formatBytes(end.bytesToSrc)}>{formatCount(end.packetsToSrc)}</td>
            <td className={end.retransmits > 0 ? 'text-warm' : ''}>{formatCount(end.retransmits)}</td>
            <td className={end.droppedPackets > 0 ? 'text-dropped' : ''}>{formatCount(end.droppedPackets)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const ways: Readonly<Record<Way, { icon: typeof X; says: string }>> = {
  there: { icon: ArrowRight, says: 'to the destination' },
  back: { icon: ArrowLeft, says: 'to the source' },
  both: { icon: ArrowLeftRight, says: 'both ways' },
  dropped: { icon: X, says: 'dropped' },
};

interface ConversationLineProps {
  readonly line: Line;
  readonly isOpen: boolean;
  readonly onOpen: (flow: Flow) => void;
}

function ConversationLine({ line, isOpen, onOpen }: ConversationLineProps): ReactNode {
  const [zone] = useZone();
  const { icon: Icon, says } = ways[line.way];
  const isDropped = line.way === 'dropped';
  return (
    <li>
      <button
        type="button"
        aria-current={isOpen ? 'true' : undefined}
        onClick={() => onOpen(line.flow)}
        className={classes(
          'flex h-6 w-full items-center gap-2 rounded-sm px-2 text-left text-xs',
          isOpen ? 'bg-accent-soft' : 'hover:bg-hover',
        )}
      >
        <span
          className="w-14 shrink-0 text-right text-2xs text-ink-faint"
          title={formatMillis(parseTime(line.flow.time), zone)}
        >
          {line.after}
        </span>
        <Icon
          aria-label={says}
          className={classes('size-3.5 shrink-0', isDropped ? 'text-dropped' : 'text-ink-faint')}
        />
        <span
          title={line.flow.summary}
          className={classes(
            'truncate',
            isDropped ? 'text-dropped' : hasFailed(line.flow) ? 'text-warm' : line.isSaid ? '' : 'text-ink-faint',
          )}
        >
          {isDropped && <span className="font-medium">{line.flow.dropReason} </span>}
          {line.text}
        </span>
      </button>
    </li>
  );
}
