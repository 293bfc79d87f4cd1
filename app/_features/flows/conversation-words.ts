/** One connection told in order: each row as a line with its way and its time, and what one end has that the other has not. */
import type { ConnectionEnd, ConnectionResponse, Flow } from '../../../model/api.ts';
import { formatMilliseconds, plural } from '../../_viz/format/quantities.ts';
import { parseTime } from '../../_viz/format/time.ts';
import { rowSummary } from './flow-words.ts';

export type Way = 'there' | 'back' | 'both' | 'dropped';

export interface Line {
  readonly flow: Flow;
  readonly way: Way;
  /** Since the first line. */
  readonly after: string;
  readonly text: string;
  /** Counters and the like stand back behind what was said. */
  readonly isSaid: boolean;
}

export function conversationLines({ flows }: Pick<ConnectionResponse, 'flows'>): readonly Line[] {
  const [first] = flows;
  const startMs = first === undefined ? 0 : parseTime(first.time);
  return flows.map((flow) => ({
    flow,
    way: wayOf(flow),
    after: `+${formatMilliseconds(Math.max(0, parseTime(flow.time) - startMs))}`,
    text: lineText(flow),
    isSaid: flow.l7 !== null || flow.verdict === 'DROPPED',
  }));
}

function wayOf(flow: Flow): Way {
  if (flow.verdict === 'DROPPED') return 'dropped';
  // An answered exchange is one row; so is what both directions counted.
  if (flow.kind === 'l7_response' || flow.kind.startsWith('connection')) return 'both';
  return flow.isReply === true ? 'back' : 'there';
}

const counted: Readonly<Record<string, string>> = {
  connection_start: 'opened',
  connection_update: 'goes on',
  connection_end: 'ended',
};

function lineText(flow: Flow): string {
  const word = counted[flow.kind];
  if (word === undefined) return rowSummary(flow);
  const packets = `${plural(flow.packetsToDst, 'packet')} there, ${flow.packetsToSrc} back`;
  const ending =
    flow.endCause === '' ? '' : ` by ${flow.endCause.toLowerCase().replaceAll('_', ' ').replace('rst', 'reset')}`;
  return `${word}${ending}: ${packets}`;
}

/** What was lost between the ends, where both reported; null where only one did, or all arrived. */
export function lostBetween(ends: readonly ConnectionEnd[]): string | null {
  const source = ends.find(({ reporter }) => reporter === 'source');
  const destination = ends.find(({ reporter }) => reporter === 'destination');
  if (source === undefined || destination === undefined) return null;
  const there = source.packetsToDst - destination.packetsToDst;
  const back = destination.packetsToSrc - source.packetsToSrc;
  const parts = [
    there > 0 ? `${plural(there, 'packet')} to the destination` : '',
    back > 0 ? `${plural(back, 'packet')} to the source` : '',
  ].filter(Boolean);
  return parts.length === 0 ? null : `Lost on the way: ${parts.join(' and ')}.`;
}
