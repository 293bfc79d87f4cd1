/**
 * Joins a request of Hubble's with its answer into the one row that an exchange is with us, in whatever order the two come. Only
 * what loses nothing is joined; what finds no partner stays a row by itself.
 */
import type { HubbleRow } from './flow-row.ts';
import { noLayer7 } from './flow-layers.ts';
import { nanosecondsOf } from './time.ts';

export interface ExchangePairs {
  /** Rows that are complete now: the one given, one that was joined with it, or those that waited too long. */
  take(row: HubbleRow): readonly HubbleRow[];
  /** Those that still wait. */
  end(): readonly HubbleRow[];
  readonly joined: number;
}

/** Without a latency the nearest request before the answer is its own, unless it is this far away. */
const longestNs = 60_000_000_000n;
/** Times that went through something that cuts them to milliseconds. */
const roundingNs = 1_000_000n;

/** What tells one exchange from another. */
const sameColumns = [
  'cluster',
  'node',
  'verdict',
  'direction',
  'src_ip',
  'src_port',
  'dst_ip',
  'dst_port',
  'protocol',
  'l7_type',
  'http_method',
  'http_host',
  'http_path',
  'dns_name',
  'dns_type',
  'l7_command',
  'l7_resource',
] as const satisfies readonly (keyof HubbleRow)[];

/** What only the answer knows, or what is another for each line. */
const ofAnswer: ReadonlySet<string> = new Set<keyof HubbleRow>([
  'time',
  'id',
  'kind',
  'latency_ns',
  'http_status',
  'dns_rcode',
  'dns_answers',
  'dns_ttl',
  'dns_cnames',
  'l7_error',
]);

interface Waiting {
  readonly key: string;
  readonly row: HubbleRow;
  readonly ns: bigint;
}

const isExchange = ({ kind }: HubbleRow): boolean => kind === 'l7_request' || kind === 'l7_response';
const isEmpty = (value: unknown): boolean =>
  value === '' || value === 0 || value === '0' || value === 'unknown' || (Array.isArray(value) && value.length === 0);
const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (Array.isArray(one) && JSON.stringify(one) === JSON.stringify(other));

/** Null when the two contradict each other: then they are two rows. */
function join(request: HubbleRow, response: HubbleRow): HubbleRow | null {
  const columns = Object.entries(response).map(([name, value]) => {
    const asked = (request as Readonly<Record<string, unknown>>)[name];
    if (ofAnswer.has(name) || isSame(value, asked) || isEmpty(asked)) return [name, value] as const;
    return isEmpty(value) ? ([name, asked] as const) : null;
  });
  if (columns.includes(null)) return null;
  const latencyNs = nanosecondsOf(response.time) - nanosecondsOf(request.time);
  const isTold = response.latency_ns !== noLayer7.latency_ns;
  const joined = Object.fromEntries(columns.filter((column) => column !== null)) as unknown as HubbleRow;
  return isTold ? joined : { ...joined, time: request.time, latency_ns: String(latencyNs) };
}

function belongTogether(request: Waiting, response: Waiting): boolean {
  const apartNs = response.ns - request.ns;
  if (response.row.latency_ns === noLayer7.latency_ns) return apartNs >= 0n && apartNs <= longestNs;
  return apartNs >= -roundingNs && apartNs <= roundingNs;
}

/** With more of one key every line would take long to look through. */
const mostPerKey = 64;

/** At most `capacity` wait; the oldest go on alone. */
export function createExchangePairs(capacity: number): ExchangePairs {
  const waiting = new Set<Waiting>();
  const byKey = new Map<string, Waiting[]>();
  let joined = 0;

  const forget = (one: Waiting): void => {
    waiting.delete(one);
    const left = (byKey.get(one.key) ?? []).filter((other) => other !== one);
    if (left.length === 0) byKey.delete(one.key);
    else byKey.set(one.key, left);
  };

  const partnerOf = (one: Waiting): { readonly partner: Waiting; readonly row: HubbleRow } | null => {
    const isAnswer = one.row.kind === 'l7_response';
    const apart = ({ ns }: Waiting): bigint => (ns < one.ns ? one.ns - ns : ns - one.ns);
    const candidates = (byKey.get(one.key) ?? [])
      .filter(({ row }) => row.kind !== one.row.kind)
      .filter((other) => (isAnswer ? belongTogether(other, one) : belongTogether(one, other)))
      .sort((left, right) => Number(apart(left) - apart(right)));
    for (const partner of candidates) {
      const row = isAnswer ? join(partner.row, one.row) : join(one.row, partner.row);
      if (row !== null) return { partner, row };
    }
    return null;
  };

  return {
    take(row) {
      if (!isExchange(row)) return [row];
      const key = JSON.stringify(sameColumns.map((name) => row[name]));
      const one = { key, row, ns: nanosecondsOf(row.time) };
      const found = partnerOf(one);
      if (found !== null) {
        forget(found.partner);
        joined += 1;
        return [found.row];
      }
      waiting.add(one);
      const ofKey = [...(byKey.get(key) ?? []), one];
      byKey.set(key, ofKey);
      const [oldest] = ofKey.length > mostPerKey ? ofKey : waiting.size > capacity ? waiting : [];
      if (oldest === undefined) return [];
      forget(oldest);
      return [oldest.row];
    },
    end() {
      const left = [...waiting].map(({ row }) => row);
      waiting.clear();
      byKey.clear();
      return left;
    },
    get joined() {
      return joined;
    },
  };
}
