/** What an edge says at a glance: whether it works, how thick it is, and the few words that stand on it. */
import type { MapEdge } from '../../../model/api.ts';
import { formatByteRate, formatCompact, formatMilliseconds, formatRate } from '../../_viz/format/quantities.ts';

/** `dropped` is drawn red, dashed and crossed; `warm` has errors; `marked` works but lost a few packets. */
export type EdgeState = 'plain' | 'warm' | 'marked' | 'dropped';

const noticeable = 0.01;

export function bytesOf(edge: MapEdge): number {
  return Number(edge.bytesToDestination) + Number(edge.bytesToSource);
}

/** Nothing came back, and something was dropped. */
export const isCutOff = (edge: MapEdge): boolean => edge.drops > 0 && edge.bytesToSource === '0';

export function edgeState(edge: MapEdge): EdgeState {
  if (isCutOff(edge) || edge.drops >= noticeable * (edge.packets + edge.drops)) {
    if (edge.drops > 0) return 'dropped';
  }
  if (edge.drops > 0) return 'marked';
  return failedShare(edge) >= noticeable ? 'warm' : 'plain';
}

/** Share of what was asked that failed, 0 to 1. */
export function failedShare(edge: MapEdge): number {
  if (isCutOff(edge)) return 1;
  const byDrops = edge.drops === 0 ? 0 : edge.drops / (edge.packets + edge.drops);
  const byErrors = edge.requests === 0 ? 0 : (edge.errors + edge.unanswered) / edge.requests;
  return Math.min(1, Math.max(byDrops, byErrors));
}

/** Three widths are enough to read: under 10 kB/s, under 1 MB/s, and more. */
export function edgeWidth(edge: MapEdge, seconds: number): number {
  const rate = bytesOf(edge) / Math.max(1, seconds);
  return rate < 10_000 ? 1.25 : rate < 1_000_000 ? 2 : 3;
}

/** How much, in the unit that says most. */
export function edgeVolume(edge: MapEdge, seconds: number): string {
  return edge.requests > 0 ? formatRate(edge.requests, seconds) : formatByteRate(bytesOf(edge), seconds);
}

export function edgeLabel(edge: MapEdge, seconds: number): string {
  if (isCutOff(edge)) return `${formatCompact(edge.drops)} dropped`;
  const dropped = edge.drops > 0 ? ` · ${formatCompact(edge.drops)} dropped` : '';
  const latency = edge.latencyMs === null ? '' : ` · p95 ${formatMilliseconds(edge.latencyMs.p95)}`;
  return edgeVolume(edge, seconds) + (dropped || latency);
}

/** "TCP 443", "HTTP 8080", "DNS 53" of the busiest. */
export function protocolLabel(edge: MapEdge): string {
  const [first] = edge.protocols;
  if (first === undefined) return '';
  const name = first.l7 === '' ? first.l4 : first.l7;
  return first.port === 0 ? name : `${name} ${first.port}`;
}
