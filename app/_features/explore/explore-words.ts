/** What can be explored, in words: dimensions, measures, keys as names and as filters, and the table's figures. */
import type { Dimension, TopGroup, TopMeasure } from '../../../model/api.ts';
import { formatBytes, formatCompact, formatMilliseconds, formatRate } from '../../_viz/format/quantities.ts';
import { edgeFilter, quote } from '../filter/filter-text.ts';
import { nodeOfId } from '../map/node-id.ts';

type Named = Exclude<Dimension, `${string}.label:${string}`>;

const named: Readonly<Record<Named, string>> = {
  edge: 'Client and server',
  'from.workload': 'Source workload',
  'to.workload': 'Destination workload',
  'from.ns': 'Source namespace',
  'to.ns': 'Destination namespace',
  'from.pod': 'Source pod',
  'to.pod': 'Destination pod',
  'from.service': 'Source service',
  'to.service': 'Destination service',
  'from.process': 'Source process',
  'to.process': 'Destination process',
  'from.ip': 'Source address',
  'to.ip': 'Destination address',
  port: 'Port',
  protocol: 'Protocol',
  l7: 'Application protocol',
  verdict: 'Verdict',
  connect: 'Outcome of connecting',
  reason: 'Drop reason',
  location: 'Dropped at',
  'http.method': 'HTTP method',
  'http.host': 'HTTP host',
  'http.path': 'HTTP route',
  'http.status': 'HTTP status',
  'grpc.status': 'gRPC status',
  'dns.name': 'DNS name',
  'dns.type': 'DNS type',
  'dns.rcode': 'DNS answer',
  'l7.command': 'Command',
  'l7.resource': 'Table, collection or topic',
  'l7.error': 'Error of the server',
  'tls.sni': 'TLS server name',
  'tls.version': 'TLS version',
  encryption: 'Encryption',
  tunnel: 'Tunnel',
  interface: 'Interface',
  node: 'Node',
  cluster: 'Cluster',
};

export const dimensionNames: readonly (readonly [Named, string])[] = Object.entries(named) as [Named, string][];

/** A label says its own name. */
export const dimensionName = (by: string): string => (Object.hasOwn(named, by) ? named[by as Named] : by);

/** A name within a sentence; what is written in capitals stays so. */
export const inSentence = (name: string): string =>
  /^[A-Z][a-z ]/.test(name) ? `${name.charAt(0).toLowerCase()}${name.slice(1)}` : name;

interface MeasureWords {
  readonly name: string;
  /** Of a total over the range. */
  readonly format: (value: number) => string;
  /** Of one bucket, which lasts `seconds`. */
  readonly perBucket: (value: number, seconds: number) => number;
  readonly formatBucket: (value: number) => string;
}

const counted = (name: string): MeasureWords => ({
  name,
  format: formatCompact,
  perBucket: (value) => value,
  formatBucket: formatCompact,
});
const rated = (name: string): MeasureWords => ({
  name,
  format: formatCompact,
  perBucket: (value, seconds) => value / seconds,
  formatBucket: (value) => formatRate(value, 1),
});

/** What flows steadily is a rate in the chart; what should not happen is counted, never averaged away. */
export const measureWords: Readonly<Record<TopMeasure, MeasureWords>> = {
  bytes: {
    name: 'Bytes',
    format: formatBytes,
    perBucket: (value, seconds) => value / seconds,
    formatBucket: (value) => `${formatBytes(value)}/s`,
  },
  packets: rated('Packets'),
  connections: rated('Connections'),
  failed: counted('Failed connects'),
  requests: rated('Requests'),
  errors: counted('Errors'),
  unanswered: counted('Unanswered'),
  latency: { ...counted('Latency, p95'), format: formatMilliseconds, formatBucket: formatMilliseconds },
  drops: counted('Packets dropped'),
  retransmits: counted('Retransmits'),
  resets: counted('Resets'),
};

export const isStackable = (measure: TopMeasure): boolean => measure !== 'latency';

const isOfNodes = (by: string): boolean => by === 'edge' || by.endsWith('.workload');

export function keyName(key: TopGroup['key'], by: string): string {
  const nameOf = (id: string): string => {
    const node = isOfNodes(by) ? nodeOfId(id) : null;
    if (node === null) return id === '' ? 'none' : id;
    return node.namespace === '' ? node.name : `${node.namespace}/${node.name}`;
  };
  return key.map(nameOf).join(' → ');
}

/** The filter for one group; null where the language has no word for it. */
export function keyFilter(key: TopGroup['key'], by: string): string | null {
  const [first = '', second = ''] = key;
  if (by === 'edge') {
    const [source, destination] = [nodeOfId(first), nodeOfId(second)];
    return source === null || destination === null ? null : edgeFilter(source, destination);
  }
  const [, side, field] = /^(from|to)\.(.+)$/.exec(by) ?? [];
  if (field === 'workload') {
    const node = nodeOfId(first);
    if (node === null) return null;
    return `${side}.ns:${quote(node.namespace)} ${side}.workload:${quote(node.name)} ${side}.kind:${quote(node.kind)}`;
  }
  if (field?.startsWith('label:') === true) return `${side}.label:${quote(`${field.slice(6)}=${first}`)}`;
  if (by === 'http.path') return routePath(first);
  if (by === 'port') return first === '' || first === '0' ? null : `(to.port:${first} or from.port:${first})`;
  if (['http.status', 'from.ip', 'to.ip'].includes(by)) return first === '' || first === '0' ? null : `${by}:${first}`;
  if (['protocol', 'l7'].includes(by)) return first === '' ? null : `protocol:${first.toLowerCase()}`;
  if (['verdict', 'connect', 'tunnel'].includes(by)) {
    return first === '' ? null : `${by}:${first.toLowerCase().replaceAll('_', '-')}`;
  }
  if (by === 'encryption') return ['wireguard', 'ipsec'].includes(first) ? `encrypted:${first}` : null;
  return `${by}:${quote(first)}`;
}

const routePath = (route: string): string =>
  `http.path:"${route
    .split('{}')
    .map((part) => part.replace(/[\\"*]/g, (letter) => `\\${letter}`))
    .join('*')}"`;

export interface Figures {
  readonly min: number;
  readonly max: number;
  readonly avg: number;
  readonly p95: number;
}

/** Of the buckets; null where there is none. */
export function figuresOf(values: readonly (number | null)[]): Figures | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const [min] = known;
  const max = known.at(-1);
  if (min === undefined || max === undefined) return null;
  const avg = known.reduce((sum, value) => sum + value, 0) / known.length;
  return { min, max, avg, p95: known[Math.ceil(0.95 * known.length) - 1] ?? max };
}
