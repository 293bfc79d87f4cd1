/**
 * The HTTP API's shapes: what the server renders, what the app and any other client parse. OpenAPI is generated from
 * these schemas. Byte counts are decimal strings because a month of them can pass 2^53.
 */
import { z } from 'zod';

const counter = z.number().int().nonnegative();
const byteCount = z.string().regex(/^\d+$/).describe('bytes, as a decimal string');
const epochMs = z.number().describe('milliseconds since 1970-01-01 UTC');

export const rangeSchema = z.object({
  fromMs: epochMs,
  toMs: epochMs,
  isOpen: z.boolean().optional().describe('whether it ended at the moment of asking'),
});

/** What stands behind an answer: how much was read, cut and lost. */
export const evidenceSchema = z.object({
  rowsRead: counter,
  bytesRead: byteCount,
  elapsedMs: z.number(),
  /** True when the limit cut the answer; `limit` says where. */
  truncated: z.boolean(),
  limit: counter,
  resolution: z
    .enum(['flows', 'minute', 'ten_minutes', 'hour', 'day'])
    .optional()
    .describe('what it was read from: flows, or what they add up to per minute ... day; the coarsest of several'),
  coverage: z.object({
    /** Losses in the range by counter name, zero ones left out: `ring_full`, `frames_lost` ... */
    lost: z.record(z.string(), counter),
    packetsSeen: counter,
    /** Stretches of the range in which a node that reported before or after reported nothing. */
    gaps: z.array(z.object({ node: z.string(), fromMs: epochMs, toMs: epochMs })),
    nodes: z.array(z.string()),
  }),
});
export type Evidence = z.infer<typeof evidenceSchema>;

export const groupings = ['workload', 'namespace', 'pod'] as const;
export type Grouping = (typeof groupings)[number];

export const mapNodeSchema = z.object({
  id: z.string().describe('cluster/namespace/kind/name'),
  cluster: z.string(),
  namespace: z.string().describe('empty outside Kubernetes'),
  kind: z.string().describe('Deployment, StatefulSet, ... or container, unit, process, netns, host, name, address'),
  name: z.string(),
  addresses: z.array(z.string()).describe('up to 8 addresses seen'),
  pods: z.array(z.string()).describe('up to 8 pods seen'),
});
export type MapNode = z.infer<typeof mapNodeSchema>;

export const mapEdgeSchema = z.object({
  id: z.string(),
  source: z.string().describe('node id of the side that opens conversations'),
  destination: z.string(),
  protocols: z.array(z.object({ l4: z.string(), port: z.number(), l7: z.string() })).describe('up to 8, busiest first'),
  connections: counter,
  bytesToDestination: byteCount,
  bytesToSource: byteCount,
  packets: counter,
  requests: counter.describe('L7 requests, answered or not'),
  unanswered: counter,
  errors: counter.describe('HTTP 5xx, DNS answers other than NOERROR and NXDOMAIN, gRPC status other than OK'),
  statuses: z.array(z.object({ status: z.string(), count: counter })).describe('HTTP status or DNS rcode, most first'),
  latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
  drops: counter.describe('dropped packets'),
  dropReasons: z.array(z.object({ reason: z.string(), location: z.string(), packets: counter })),
  retransmits: counter,
  firstMs: epochMs,
  lastMs: epochMs,
});
export type MapEdge = z.infer<typeof mapEdgeSchema>;

const share = z.object({ shown: counter, total: counter });

export const mapResponseSchema = z.object({
  range: rangeSchema,
  grouping: z.enum(groupings),
  filter: z.string(),
  nodes: z.array(mapNodeSchema),
  edges: z.array(mapEdgeSchema),
  budget: z
    .object({ nodes: share, edges: share, bytes: share, drops: share })
    .optional()
    .describe('how much of the range is shown; edges with drops are shown first, then the busiest'),
  evidence: evidenceSchema,
});
export type MapResponse = z.infer<typeof mapResponseSchema>;

export const flowEndpointSchema = z.object({
  node: z.string().describe('id of this end on the map, grouped by workload'),
  ip: z.string(),
  port: z.number(),
  namespace: z.string(),
  pod: z.string(),
  workload: z.string(),
  workloadKind: z.string(),
  service: z.string(),
  labels: z.array(z.string()),
  identity: z.number(),
  names: z.array(z.string()),
  process: z.string(),
  unit: z.string(),
  container: z.string(),
});
export type FlowEndpoint = z.infer<typeof flowEndpointSchema>;

export const flowSchema = z.object({
  id: z.string(),
  connectionId: z.string(),
  time: z.string().describe('RFC 3339, UTC, nanoseconds'),
  cluster: z.string(),
  node: z.string(),
  source: z.string(),
  reporter: z.string(),
  kind: z.string(),
  verdict: z.string(),
  dropReason: z.string(),
  dropLocation: z.string(),
  direction: z.string(),
  isReply: z.boolean().nullable(),
  from: flowEndpointSchema,
  to: flowEndpointSchema,
  protocol: z.string(),
  ipVersion: z.number(),
  tcpFlags: z.array(z.string()),
  icmpType: z.number(),
  icmpCode: z.number(),
  endCause: z.string(),
  connections: counter,
  bytesToDst: byteCount,
  bytesToSrc: byteCount,
  packetsToDst: counter,
  packetsToSrc: counter,
  peer: z
    .object({ bytesToDst: byteCount, bytesToSrc: byteCount, packetsToDst: counter, packetsToSrc: counter })
    .nullable()
    .describe('the same counters read at the other end, when this node sees both'),
  connectResult: z.string().describe('how opening the connection ended; empty when that was not seen'),
  handshakeUs: counter.describe('SYN to SYN-ACK'),
  srttUs: z.number(),
  retransmits: counter,
  zeroWindows: counter,
  resets: counter,
  icmpErrors: counter.describe('ICMP errors about packets of this conversation'),
  socketError: z.string().describe('errno that a socket on the node met, by name'),
  durationNs: z.string(),
  l7: z
    .object({
      type: z.string(),
      latencyNs: z.string(),
      http: z
        .object({
          method: z.string(),
          host: z.string(),
          path: z.string(),
          status: z.number(),
          protocol: z.string(),
        })
        .nullable(),
      dns: z
        .object({
          name: z.string(),
          type: z.string(),
          rcode: z.string(),
          answers: z.array(z.string()),
          ttl: z.number(),
          cnames: z.array(z.string()),
        })
        .nullable(),
      grpcStatus: z.string(),
      command: z.string().describe('SQL verb, Redis or MongoDB command, Kafka API'),
      resource: z.string().describe('table, database, collection or topic'),
      error: z.string().describe('the error the server answered with, as it names it'),
      tlsVersion: z.string(),
      alpn: z.string(),
      sni: z.string(),
    })
    .nullable(),
  interface: z.string(),
  encrypted: z.boolean().nullable().describe('whether the network encrypted it on its way off the node'),
  encryption: z.string(),
  tunnel: z
    .object({ type: z.string(), id: counter, isOutside: z.boolean() })
    .nullable()
    .describe('the tunnel it was seen inside of, or is the outside of'),
  askedFor: z
    .object({ ip: z.string(), port: z.number() })
    .nullable()
    .describe('the service address, when the destination is the backend chosen for it'),
  traceId: z.string().describe('of the distributed trace that an exchange is part of'),
  allowedBy: z.array(z.string()).describe('policies that let it pass, as kind/namespace/name'),
  deniedBy: z.array(z.string()).describe('policies that did not'),
  summary: z.string().describe('the one-line text `hubble observe` would print'),
});
export type Flow = z.infer<typeof flowSchema>;

export const flowsResponseSchema = z.object({
  range: rangeSchema,
  filter: z.string(),
  flows: z.array(flowSchema).describe('newest first'),
  cursor: z.string().nullable().describe('give it back for the next, older page; null when there is none'),
  evidence: evidenceSchema,
});
export type FlowsResponse = z.infer<typeof flowsResponseSchema>;

const connectionEndSchema = z.object({
  node: z.string().describe('node that reported'),
  reporter: z.string().describe('the end it counted at: source, destination, or unknown'),
  rows: counter,
  bytesToDst: byteCount,
  bytesToSrc: byteCount,
  packetsToDst: counter,
  packetsToSrc: counter,
  retransmits: counter,
  exchanges: counter.describe('requests, answered or not'),
  droppedPackets: counter,
  firstMs: epochMs,
  lastMs: epochMs,
});
export type ConnectionEnd = z.infer<typeof connectionEndSchema>;

export const connectionResponseSchema = z.object({
  id: z.string(),
  range: rangeSchema,
  ends: z
    .array(connectionEndSchema)
    .describe(
      'what each end reported, summed over the flows of this answer; packets that one end has more of than the other were lost on the way',
    ),
  flows: z.array(flowSchema).describe('oldest first: counters, exchanges and drops, of every reporter'),
  evidence: evidenceSchema,
});
export type ConnectionResponse = z.infer<typeof connectionResponseSchema>;

export const seriesPointSchema = z.object({
  fromMs: epochMs.describe('start of the bucket, a whole multiple of stepMs'),
  connections: counter,
  failedConnections: counter.describe('refused, unreachable, not answered, or refused by the own kernel'),
  bytesToDestination: byteCount,
  bytesToSource: byteCount,
  packets: counter,
  retransmits: counter,
  resets: counter,
  zeroWindows: counter,
  requests: counter,
  unanswered: counter,
  errors: counter,
  drops: counter.describe('dropped packets'),
  latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
});
export type SeriesPoint = z.infer<typeof seriesPointSchema>;

export const seriesResponseSchema = z.object({
  range: rangeSchema,
  filter: z.string(),
  stepMs: z.number(),
  points: z.array(seriesPointSchema).describe('every bucket that the range touches; the first and last may be cut'),
  previous: z
    .array(seriesPointSchema)
    .nullable()
    .describe('the same of the period of equal length just before, when asked for'),
  evidence: evidenceSchema,
});
export type SeriesResponse = z.infer<typeof seriesResponseSchema>;

const nodeReference = mapNodeSchema.omit({ addresses: true, pods: true });

export const dropGroupSchema = z.object({
  reason: z.string(),
  location: z.string().describe('kernel function'),
  protocol: z.string(),
  port: z.number().describe('of the side that answers'),
  source: nodeReference.describe('the side that opens conversations'),
  destination: nodeReference,
  packets: counter,
  bytes: byteCount,
  firstMs: epochMs,
  lastMs: epochMs,
  isNew: z.boolean().nullable().describe('not seen in the range before `since`; null when that was not given'),
  trend: z.array(counter).describe('packets in each bucket of trendStepMs, from the one that the range begins in'),
});
export type DropGroup = z.infer<typeof dropGroupSchema>;

export const dropsResponseSchema = z.object({
  range: rangeSchema,
  filter: z.string(),
  groups: z.array(dropGroupSchema).describe('most packets first'),
  totals: z.object({ groups: counter, packets: counter }),
  trendStepMs: z.number(),
  evidence: evidenceSchema,
});
export type DropsResponse = z.infer<typeof dropsResponseSchema>;

export const exchangeOrders = ['requests', 'failing', 'slowest'] as const;
export type ExchangeOrder = (typeof exchangeOrders)[number];

const exchangeGroup = z.object({
  source: nodeReference.describe('the side that asks'),
  destination: nodeReference,
  requests: counter.describe('answered or not'),
  perSecond: z.number().describe('requests, over the whole range'),
  unanswered: counter,
  errors: counter,
  latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
});

const exchangesResponse = {
  range: rangeSchema,
  filter: z.string(),
  order: z.enum(exchangeOrders),
  totals: z.object({ groups: counter, requests: counter, unanswered: counter, errors: counter }),
  evidence: evidenceSchema,
};

export const routeSchema = exchangeGroup.extend({
  method: z.string(),
  route: z.string().describe('path; a part that names one thing of many is {}'),
  errors: counter.describe('HTTP 5xx, gRPC status other than OK'),
  statuses: z.array(z.object({ status: z.number(), count: counter })).describe('HTTP status, most first'),
  classes: z.array(counter).length(5).describe('answers with status 1xx, 2xx, 3xx, 4xx and 5xx'),
});
export type Route = z.infer<typeof routeSchema>;

export const routesResponseSchema = z.object({ ...exchangesResponse, routes: z.array(routeSchema) });
export type RoutesResponse = z.infer<typeof routesResponseSchema>;

export const dnsNameSchema = exchangeGroup.extend({
  destination: nodeReference.describe('the resolver'),
  name: z.string(),
  type: z.string(),
  errors: counter.describe('answers other than NOERROR and NXDOMAIN'),
  notFound: counter.describe('NXDOMAIN'),
  serverFailures: counter.describe('SERVFAIL'),
  rcodes: z.array(z.object({ rcode: z.string(), count: counter })).describe('most first'),
  needless: counter.describe(
    'NXDOMAIN for this name with a search domain behind one that the same client was given an answer to',
  ),
});
export type DnsName = z.infer<typeof dnsNameSchema>;

export const dnsResponseSchema = z.object({
  ...exchangesResponse,
  totals: exchangesResponse.totals.extend({ needless: counter }),
  names: z.array(dnsNameSchema),
});
export type DnsResponse = z.infer<typeof dnsResponseSchema>;

export const commandSchema = exchangeGroup.extend({
  protocol: z.string().describe('POSTGRESQL, MYSQL, REDIS, MONGODB, KAFKA ...'),
  command: z.string().describe('SQL verb, Redis or MongoDB command, Kafka API'),
  resource: z.string().describe('table, database, collection or topic; empty when the bytes did not tell'),
  errorCodes: z.array(z.object({ error: z.string(), count: counter })).describe('as the server names it, most first'),
});
export type Command = z.infer<typeof commandSchema>;

export const commandsResponseSchema = z.object({ ...exchangesResponse, commands: z.array(commandSchema) });
export type CommandsResponse = z.infer<typeof commandsResponseSchema>;

export const measures = ['connections', 'requests', 'errors', 'drops', 'bytes'] as const;
export type Measure = (typeof measures)[number];

const change = z.enum(['new', 'gone', 'changed']);
const measured = z.record(z.enum(measures), z.number());

const edgeChangeSchema = z.object({
  change,
  id: z.string().describe('of the edge, as on the map'),
  source: z.string(),
  destination: z.string(),
  before: measured.nullable().describe('null when new'),
  after: measured.nullable().describe('null when gone'),
  factors: z
    .array(z.object({ measure: z.enum(measures), factor: z.number().nullable() }))
    .describe('how many times its rate before each changed measure became; null from nothing'),
  gone: mapEdgeSchema.nullable().describe('of one that is gone: what the map of the range before says of it'),
});
export type EdgeChange = z.infer<typeof edgeChangeSchema>;

const dropChangeSchema = dropGroupSchema
  .pick({ reason: true, location: true, protocol: true, port: true, source: true, destination: true })
  .extend({
    change,
    packetsBefore: counter,
    packetsAfter: counter,
    factor: z.number().nullable().describe('how many times the rate before it became; null when new or gone'),
  });
export type DropChange = z.infer<typeof dropChangeSchema>;

export const diffResponseSchema = z.object({
  range: rangeSchema,
  before: rangeSchema,
  filter: z.string(),
  grouping: z.enum(groupings),
  edges: z.array(edgeChangeSchema).describe('new, then gone, then changed; the busiest of each first'),
  drops: z.array(dropChangeSchema),
  nodes: z
    .array(z.object({ change: z.enum(['new', 'gone']), node: mapNodeSchema }))
    .describe('those that are on one map only; of a cut answer none'),
  totals: z.object({ edges: counter, drops: counter }).describe('changes found; `limit` may have cut them'),
  uncertain: z
    .object({ edges: counter, drops: counter })
    .describe('in one range only, but the answer of the other was cut: neither new nor gone for sure'),
  evidence: evidenceSchema,
  coverageBefore: evidenceSchema.shape.coverage.describe(
    'of the range before; `evidence` has that of the range itself',
  ),
});
export type DiffResponse = z.infer<typeof diffResponseSchema>;

/** What traffic can be broken down by; `from.label:KEY` and `to.label:KEY` besides. */
export const dimensions = [
  'edge',
  'from.workload',
  'to.workload',
  'from.ns',
  'to.ns',
  'from.pod',
  'to.pod',
  'from.service',
  'to.service',
  'from.process',
  'to.process',
  'from.ip',
  'to.ip',
  'port',
  'protocol',
  'l7',
  'verdict',
  'connect',
  'reason',
  'location',
  'http.method',
  'http.host',
  'http.path',
  'http.status',
  'grpc.status',
  'dns.name',
  'dns.type',
  'dns.rcode',
  'l7.command',
  'l7.resource',
  'l7.error',
  'tls.sni',
  'tls.version',
  'encryption',
  'tunnel',
  'interface',
  'node',
  'cluster',
] as const;
export type Dimension = (typeof dimensions)[number] | `${'from' | 'to'}.label:${string}`;

export const topMeasures = [
  'bytes',
  'packets',
  'connections',
  'failed',
  'requests',
  'errors',
  'unanswered',
  'latency',
  'drops',
  'retransmits',
  'resets',
] as const;
export type TopMeasure = (typeof topMeasures)[number];

const topValues = {
  value: z.number().describe('the measure over the range: a sum, or of latency the 95th percentile in milliseconds'),
  points: z
    .array(z.number())
    .nullable()
    .describe('the same in each bucket of stepMs, from the one that the range begins in; null when not asked for'),
};

export const topGroupSchema = z.object({
  key: z
    .array(z.string())
    .describe(
      'what the group is: one text, empty for none; of a workload the id of its node, of an edge those of both',
    ),
  ...topValues,
  share: z.number().nullable().describe('of the total, 0 to 1; null where there is none to have a share of'),
});
export type TopGroup = z.infer<typeof topGroupSchema>;

export const topResponseSchema = z.object({
  range: rangeSchema,
  filter: z.string(),
  by: z.string(),
  measure: z.enum(topMeasures),
  stepMs: z.number(),
  groups: z.array(topGroupSchema).describe('the largest first'),
  total: z
    .object({ groups: counter, ...topValues })
    .describe('over all groups, shown or not; what cannot have it (an HTTP path, a drop reason) is in none'),
  evidence: evidenceSchema,
});
export type TopResponse = z.infer<typeof topResponseSchema>;

export const valuesResponseSchema = z.object({
  range: rangeSchema,
  field: z.string(),
  values: z
    .array(
      z.object({
        value: z.string(),
        lastMs: epochMs.nullable().describe('last seen; null for a word of the language'),
      }),
    )
    .describe('those that begin with what was typed, then those that hold it; of each the last seen first'),
  truncated: z.boolean(),
  rowsRead: counter,
  bytesRead: byteCount,
});
export type ValuesResponse = z.infer<typeof valuesResponseSchema>;

export const exportFormats = ['csv', 'jsonl', 'hubble', 'parquet', 'arrow'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const exportPlanResponseSchema = z.object({
  range: rangeSchema,
  filter: z.string(),
  format: z.enum(exportFormats),
  columns: z.array(z.string()),
  rows: counter.describe('flows that the export would have now'),
  bytes: counter.describe('about so much, judged by its newest rows'),
  slices: z
    .array(rangeSchema.extend({ rows: counter }))
    .describe(
      'the range in parts, the newest first, each an export that can be put behind the one before (csv without its head); ' +
        'none for the formats that are one file',
    ),
  evidence: evidenceSchema,
});
export type ExportPlanResponse = z.infer<typeof exportPlanResponseSchema>;

const componentState = z.object({
  state: z.enum(['ok', 'degraded', 'down', 'off']),
  detail: z.string().describe('one sentence; what is missing and the command that mends it'),
});

const diskSchema = z.object({
  totalBytes: byteCount,
  freeBytes: byteCount,
  usedBytes: byteCount.describe('taken by the tables'),
  isFull: z.boolean().describe('so little is free that the store may take no more rows'),
});

const retentionSchema = z.object({
  tables: z.array(
    z.object({
      table: z.string(),
      days: z.number().describe('so long are rows kept'),
      rows: counter,
      bytes: byteCount,
      oldestMs: epochMs.nullable().describe('null when there is none, or the table is not kept by time'),
    }),
  ),
  diskPercent: z.number().describe('share of the room past which the oldest days of flows are dropped; 0: never'),
  dropped: z
    .object({ days: counter, flows: counter, bytes: byteCount, lastMs: epochMs.nullable() })
    .describe('for want of room, since the server started'),
  problem: z.string().describe('why the settings are not applied at the moment; empty when they are'),
});

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded', 'down']),
  version: z.string(),
  nowMs: epochMs,
  newestFlowMs: epochMs.nullable(),
  store: componentState.extend({
    url: z.string(),
    version: z.string(),
    embedded: z.boolean(),
    disk: diskSchema.nullable().optional().describe('null when the store does not tell, as of an object storage'),
    retention: retentionSchema.optional(),
  }),
  capture: componentState.extend({
    mode: z.enum(['live', 'recording', 'off', 'unknown']),
    interfaces: z.array(z.object({ name: z.string(), state: z.string(), netns: z.string(), error: z.string() })),
    missing: z.array(z.string()),
    waiting: z
      .array(
        z.object({
          node: z.string(),
          rows: counter,
          bytes: byteCount,
          problem: z.string().describe('why that disk takes nothing at the moment; empty when it does'),
        }),
      )
      .optional()
      .describe('what waits on the disks of the nodes for the store, as they last told; nodes without any left out'),
  }),
});
export type Health = z.infer<typeof healthSchema>;

export const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    /** The query parameter at fault, if one is. */
    parameter: z.string().optional(),
    /** 0-based character in that parameter, if it is a filter. */
    position: z.number().optional(),
    /** Why a question was too expensive, and smaller ones that are not. */
    refusal: z
      .object({
        /** That it would read, as the store estimates; null when the store found out only while it read. */
        rows: counter.nullable(),
        /** Most rows that a question may read; 0: any number. */
        limit: counter,
        /** `href` asks for it; `rows` is about what it would read. */
        offers: z.array(z.object({ ...rangeSchema.shape, filter: z.string(), rows: counter, href: z.string() })),
      })
      .optional(),
  }),
});
export type ApiError = z.infer<typeof errorSchema>;
export type ApiRefusal = NonNullable<ApiError['error']['refusal']>;

/** `GET /api/v1/live`, an event stream. Event names are the keys. */
export const liveEvents = {
  /** Rows that arrived since the last event, oldest first; `skipped` did not fit. */
  flows: z.object({ flows: z.array(flowSchema), skipped: counter }),
  /** Once a second even when nothing happens. */
  tick: z.object({ nowMs: epochMs, newestFlowMs: epochMs.nullable(), rows: counter }),
  /** The stream goes on, but the store could not be read. */
  problem: z.object({ message: z.string() }),
} as const;

export const savedKinds = ['view', 'filter', 'known'] as const;

/** Most of one kind, and most characters. */
export const savedLimits = { items: 500, id: 1000, text: 500, place: 8000 } as const;

const savedShape = {
  kind: z.enum(savedKinds).describe('a view of the page, a filter, or a problem that is known'),
  id: z.string().min(1).max(savedLimits.id).describe('of its own kind; of a known problem what it is'),
  text: z.string().max(savedLimits.text).describe('the name of a view or filter; the note to a problem'),
  place: z.string().max(savedLimits.place).describe('of a view path and query, of a filter its text, else empty'),
};
/** What somebody saves for everyone. */
export const savedItemSchema = z.strictObject(savedShape);
export type SavedItem = z.infer<typeof savedItemSchema>;

export const savedEntrySchema = z.object({ ...savedShape, changedMs: epochMs });
export type SavedEntry = z.infer<typeof savedEntrySchema>;

export const savedResponseSchema = z.object({ items: z.array(savedEntrySchema).describe('the latest first') });
export type SavedResponse = z.infer<typeof savedResponseSchema>;
