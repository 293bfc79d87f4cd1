/** The OpenAPI 3.1 document, made from the very schemas that parse the parameters and describe the answers. */
import { z } from 'zod';
import { hubbleExportSchema } from '../hubble/hubble-flow.ts';
import {
  commandsResponseSchema,
  connectionResponseSchema,
  diffResponseSchema,
  dnsResponseSchema,
  dropsResponseSchema,
  exportPlanResponseSchema,
  errorSchema,
  flowsResponseSchema,
  healthSchema,
  liveEvents,
  mapResponseSchema,
  routesResponseSchema,
  savedEntrySchema,
  savedItemSchema,
  savedResponseSchema,
  seriesResponseSchema,
  topResponseSchema,
  valuesResponseSchema,
} from '../model/api.ts';
import { digestTrailer, rowsHeader } from './routes/export.ts';
import { cursorHeader } from './request/cursor.ts';
import {
  connectionParameters,
  diffParameters,
  dropsParameters,
  exportParameters,
  exchangesParameters,
  flowsParameters,
  liveParameters,
  mapParameters,
  noParameters,
  savedParameters,
  seriesParameters,
  topParameters,
  valuesParameters,
} from './request/parameters.ts';

interface Answer {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: object }>>;
  readonly headers?: Readonly<Record<string, object>>;
}

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly parameters: z.ZodObject;
  /** A schema of the document. */
  readonly body?: string;
  readonly answer: Answer | null;
}

const reference = (name: string): { schema: object } => ({ schema: { $ref: `#/components/schemas/${name}` } });

const json = (name: string, description: string): Answer => ({
  description,
  content: { 'application/json': reference(name) },
});

const operations: Readonly<Record<string, Operation>> = {
  '/api/v1/health': {
    id: 'health',
    summary: 'How store and capture are',
    parameters: noParameters,
    answer: json('Health', 'also while the store is down'),
  },
  '/api/v1/map': {
    id: 'map',
    summary: 'The service map of a range',
    parameters: mapParameters,
    answer: json('Map', 'nodes and edges'),
  },
  '/api/v1/series': {
    id: 'series',
    summary: 'How traffic under a filter went over time',
    parameters: seriesParameters,
    answer: json('Series', 'buckets in order of time'),
  },
  '/api/v1/top': {
    id: 'top',
    summary: 'Traffic broken down by one dimension: the largest groups by a measure, and over time',
    parameters: topParameters,
    answer: json('Top', 'groups, the largest first'),
  },
  '/api/v1/values': {
    id: 'values',
    summary: 'Values of a filter field that occur, for completing one that is being typed',
    parameters: valuesParameters,
    answer: json('Values', 'values, the likeliest first'),
  },
  '/api/v1/drops': {
    id: 'drops',
    summary: 'Dropped packets by reason, place, source, destination and port',
    parameters: dropsParameters,
    answer: json('Drops', 'groups, most packets first'),
  },
  '/api/v1/routes': {
    id: 'routes',
    summary: 'HTTP and gRPC routes by who asks whom',
    parameters: exchangesParameters,
    answer: json('Routes', 'routes in the order asked for'),
  },
  '/api/v1/dns': {
    id: 'dns',
    summary: 'DNS names by who asks which resolver',
    parameters: exchangesParameters,
    answer: json('Dns', 'names in the order asked for'),
  },
  '/api/v1/commands': {
    id: 'commands',
    summary: 'Commands to databases, caches and queues by who asks whom, of a day at most',
    parameters: exchangesParameters,
    answer: json('Commands', 'commands in the order asked for'),
  },
  '/api/v1/flows': {
    id: 'flows',
    summary: 'Flows of a range, newest first, page by page',
    parameters: flowsParameters,
    answer: {
      description:
        'One page. With `format=hubble` it is lines of JSON, each a HubbleExport, and without the evidence; an answer ' +
        'to a request is placed by its own time within the page.',
      headers: {
        [cursorHeader]: {
          description: '`format=hubble` only: the cursor of the next, older page; absent when there is none',
          schema: { type: 'string' },
        },
      },
      content: {
        'application/json': reference('Flows'),
        'application/x-ndjson': { schema: { type: 'string' } },
      },
    },
  },
  '/api/v1/connection': {
    id: 'connection',
    summary: 'One connection as every node saw it, in order of time',
    parameters: connectionParameters,
    answer: json('Connection', 'flows, oldest first, and what each end counted'),
  },
  '/api/v1/diff': {
    id: 'diff',
    summary: 'What is new, gone or changed since an earlier range of the same length',
    parameters: diffParameters,
    answer: json('Diff', 'changes of edges and of drops'),
  },
  '/api/v1/export': {
    id: 'export',
    summary: 'Every flow of a range as one transfer',
    parameters: exportParameters,
    answer: {
      description:
        'csv, jsonl and hubble are newest first. A transfer that is broken off is not whole: the server could not go on. ' +
        `A whole one ends with the trailer ${digestTrailer}: the SHA-256 of its bytes, in hex.`,
      headers: {
        [rowsHeader]: { description: 'flows there were when it began', schema: { type: 'integer' } },
      },
      content: {
        'text/csv': { schema: { type: 'string' } },
        'application/x-ndjson': { schema: { type: 'string' } },
        'application/vnd.apache.parquet': { schema: { type: 'string', format: 'binary' } },
        'application/vnd.apache.arrow.file': { schema: { type: 'string', format: 'binary' } },
      },
    },
  },
  '/api/v1/export/plan': {
    id: 'exportPlan',
    summary: 'How much an export would be, and in which parts it can be had',
    parameters: exportParameters,
    answer: json('ExportPlan', 'rows, bytes and parts'),
  },
  '/api/v1/saved': {
    id: 'saved',
    summary: 'What people saved for each other: views, filters, known problems',
    parameters: noParameters,
    answer: json('Saved', 'items, the latest first'),
  },
  '/api/v1/live': {
    id: 'live',
    summary: 'Flows as they arrive, as server-sent events `flows`, `tick` and `problem`',
    parameters: liveParameters,
    answer: {
      description: 'The data of each event is JSON: see LiveFlows, LiveTick and LiveProblem',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    },
  },
};

/** What changes something; everything else is asked by GET. */
const writes: Readonly<Record<string, Readonly<Record<'put' | 'delete', Operation>>>> = {
  '/api/v1/saved': {
    put: {
      id: 'save',
      summary: 'Save an item for everyone, in place of one of the same kind and id',
      parameters: noParameters,
      body: 'SavedItem',
      answer: json('SavedEntry', 'what is saved now'),
    },
    delete: {
      id: 'unsave',
      summary: 'Delete a saved item for everyone',
      parameters: savedParameters,
      answer: null,
    },
  },
};

/** Methods by path of the API, as an Allow header lists them: for telling a wrong method from a wrong path. */
export const allowed: ReadonlyMap<string, string> = new Map(
  [...Object.keys(operations), '/api/v1/openapi.json'].map((path) => {
    const others = Object.keys(writes[path] ?? {}).map((method) => method.toUpperCase());
    return [path, ['GET', 'HEAD', ...others].join(', ')];
  }),
);

function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): Record<string, unknown> {
  const generated: Record<string, unknown> = { ...z.toJSONSchema(schema, { target: 'draft-2020-12', io }) };
  // The document as a whole says which dialect it is in.
  delete generated['$schema'];
  return generated;
}

function parametersOf(schema: z.ZodObject): object[] {
  return Object.entries(schema.shape).map(([name, type]) => {
    if (!(type instanceof z.ZodType)) throw new Error(`parameter ${name} has no schema`);
    const { description, ...rest } = schemaOf(type, 'input');
    return { name, in: 'query', required: !type.safeParse(undefined).success, description, schema: rest };
  });
}

export function createOpenApi(version: string): object {
  const failure = {
    description: 'what is wrong, in words',
    content: { 'application/json': reference('Error') },
  };
  const described = ({ id, summary, parameters, body, answer }: Operation): object => ({
    operationId: id,
    summary,
    parameters: parametersOf(parameters),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': reference(body) } } }),
    responses: {
      ...(answer === null ? { 204: { description: 'done' } } : { 200: answer }),
      400: failure,
      422: failure,
      503: failure,
    },
  });
  const paths = Object.entries(operations).map(([path, operation]): [string, object] => {
    const others = Object.entries(writes[path] ?? {}).map(([method, write]) => [method, described(write)] as const);
    return [path, { get: described(operation), ...Object.fromEntries(others) }];
  });
  return {
    openapi: '3.1.0',
    info: { title: 'Palomar', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths: Object.fromEntries(paths),
    components: {
      schemas: {
        Health: schemaOf(healthSchema),
        Map: schemaOf(mapResponseSchema),
        Series: schemaOf(seriesResponseSchema),
        ExportPlan: schemaOf(exportPlanResponseSchema),
        Top: schemaOf(topResponseSchema),
        Values: schemaOf(valuesResponseSchema),
        Drops: schemaOf(dropsResponseSchema),
        Routes: schemaOf(routesResponseSchema),
        Dns: schemaOf(dnsResponseSchema),
        Commands: schemaOf(commandsResponseSchema),
        Flows: schemaOf(flowsResponseSchema),
        Saved: schemaOf(savedResponseSchema),
        SavedEntry: schemaOf(savedEntrySchema),
        SavedItem: schemaOf(savedItemSchema, 'input'),
        Connection: schemaOf(connectionResponseSchema),
        Diff: schemaOf(diffResponseSchema),
        HubbleExport: schemaOf(hubbleExportSchema),
        LiveFlows: schemaOf(liveEvents.flows),
        LiveTick: schemaOf(liveEvents.tick),
        LiveProblem: schemaOf(liveEvents.problem),
        Error: schemaOf(errorSchema),
      },
    },
  };
}
