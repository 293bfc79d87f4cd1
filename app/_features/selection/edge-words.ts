/** Says an edge in words: the thing, then the number, then since when. */
import type { MapEdge } from '../../../model/api.ts';
import { formatCompact, formatMilliseconds, formatRate, formatShare, plural } from '../../_viz/format/quantities.ts';
import { failedShare, isCutOff } from '../map/edge-facts.ts';

export interface EdgeWords {
  readonly tone: 'plain' | 'warm' | 'dropped';
  readonly headline: string;
  readonly detail: string;
}

export interface EdgeNames {
  readonly source: string;
  readonly destination: string;
}

export function edgeWords(edge: MapEdge, names: EdgeNames, seconds: number, clock: (ms: number) => string): EdgeWords {
  const target = withPort(edge, names.destination);
  if (isCutOff(edge)) {
    return {
      tone: 'dropped',
      headline: `${names.source} cannot reach ${target}`,
      detail: `${plural(edge.drops, 'packet')} dropped, ${reasonWords(edge)}, since ${clock(edge.firstMs)}. Nothing came back.`,
    };
  }
  if (edge.drops > 0) {
    return {
      tone: 'dropped',
      headline: `${names.source} loses packets to ${target}`,
      detail: `${plural(edge.drops, 'packet')} dropped (${formatShare(edge.drops, edge.drops + edge.packets)}), ${reasonWords(edge)}.`,
    };
  }
  const failed = edge.errors + edge.unanswered;
  if (edge.requests > 0 && failedShare(edge) >= 0.01) {
    const parts = [
      edge.errors > 0 ? plural(edge.errors, 'error') : '',
      edge.unanswered > 0 ? `${formatCompact(edge.unanswered)} unanswered` : '',
    ].filter(Boolean);
    return {
      tone: 'warm',
      headline: `${formatShare(failed, edge.requests)} of requests to ${target} fail`,
      detail: `${parts.join(' and ')} of ${plural(edge.requests, 'request')}.`,
    };
  }
  return { tone: 'plain', headline: `${names.source} talks to ${target}`, detail: calmDetail(edge, seconds) };
}

function calmDetail(edge: MapEdge, seconds: number): string {
  if (edge.requests === 0) return `${plural(edge.connections, 'connection')}, nothing dropped.`;
  const speed = edge.latencyMs === null ? '' : `, 95 % within ${formatMilliseconds(edge.latencyMs.p95)}`;
  return `${formatRate(edge.requests, seconds)}${speed}, nothing dropped.`;
}

function withPort(edge: MapEdge, name: string): string {
  const ports = new Set(edge.protocols.map((protocol) => protocol.port).filter((port) => port > 0));
  const [only] = ports;
  const shown = name.includes(':') ? `[${name}]` : name;
  return ports.size === 1 && only !== undefined ? `${shown}:${only}` : name;
}

function reasonWords(edge: MapEdge): string {
  const [first, ...others] = edge.dropReasons;
  if (first === undefined) return 'reason unknown';
  const where = first.location === '' ? '' : ` at ${first.location}`;
  return `${first.reason}${where}${others.length > 0 ? ` and ${plural(others.length, 'other reason')}` : ''}`;
}
