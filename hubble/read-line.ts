/**
 * One line of what Hubble's exporter or `hubble observe -o jsonpb` wrote (`observer.ExportEvent`, or a bare `flow.Flow` as older
 * versions print it): a flow, what was lost, or an event that is no flow. What cannot be read is an error in plain words.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../model/result.ts';
import { rowOf, type HubbleRow } from './flow-row.ts';
import { incomingFlow, knownFields, withoutColumn, type IncomingFlow } from './incoming-flow.ts';
import { nanosecondsOf } from './time.ts';

export type HubbleLine =
  | {
      readonly is: 'flow';
      readonly row: HubbleRow;
      /** Names of fields that the line has and the row has not. */
      readonly leftOut: readonly string[];
    }
  | { readonly is: 'lost'; readonly source: string; readonly count: number }
  | { readonly is: 'node_status'; readonly state: string; readonly nodes: readonly string[]; readonly message: string }
  /** Of the agent or for debugging: not about flows. */
  | { readonly is: 'other'; readonly name: string };

const lostEvent = z.object({
  source: z.union([z.string(), z.int().transform(String)]).nullish(),
  num_events_lost: z.coerce.number().int().min(0).nullish(),
});
const nodeStatus = z.object({
  state_change: z.union([z.string(), z.int().transform(String)]).nullish(),
  node_names: z.array(z.string()).nullish(),
  message: z.string().nullish(),
});
const others = ['agent_event', 'debug_event'] as const;

/** By these a bare flow is told from any other object: none of them is a column of ours. */
const ofFlow = ['IP', 'l4', 'l7', 'event_type', 'Type', 'traffic_direction', 'ethernet', 'node_name'] as const;
const ofEnvelope = ['flow', 'lost_events', 'node_status', ...others] as const;

type JsonObject = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether this is one of Hubble's lines, read right or not. */
export function isHubbleLine(value: unknown): boolean {
  return isObject(value) && [...ofEnvelope, ...ofFlow].some((name) => Object.hasOwn(value, name));
}

export function readHubbleLine(text: string): Result<HubbleLine, string> {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return err(text.trimEnd().endsWith('}') ? 'this is no JSON' : 'this is no whole JSON object: the line is cut off');
  }
  if (!isObject(line)) return err('this is no JSON object');
  if (isObject(line['lost_events'])) return lostOf(line['lost_events']);
  if (isObject(line['node_status'])) return statusOf(line['node_status']);
  const other = others.find((name) => isObject(line[name]));
  if (other !== undefined) return ok({ is: 'other', name: other });
  if (isObject(line['flow'])) return flowOf(line['flow'], line);
  if (ofFlow.some((name) => Object.hasOwn(line, name))) return flowOf(line, line);
  return err('this is no flow of Hubble: it has neither "flow" nor the fields of one');
}

function lostOf(given: JsonObject): Result<HubbleLine, string> {
  const lost = lostEvent.safeParse(given);
  if (!lost.success) return err(inWords(lost.error, 'lost_events.'));
  return ok({ is: 'lost', source: lost.data.source ?? 'unknown', count: lost.data.num_events_lost ?? 0 });
}

function statusOf(given: JsonObject): Result<HubbleLine, string> {
  const status = nodeStatus.safeParse(given);
  if (!status.success) return err(inWords(status.error, 'node_status.'));
  const { state_change, node_names, message } = status.data;
  return ok({ is: 'node_status', state: state_change ?? 'unknown', nodes: node_names ?? [], message: message ?? '' });
}

function flowOf(given: JsonObject, envelope: JsonObject): Result<HubbleLine, string> {
  const parsed = incomingFlow.safeParse(given);
  if (!parsed.success) return err(inWords(parsed.error, ''));
  const flow = parsed.data;
  const outside = z.object({ time: incomingFlow.shape.time, node_name: z.string().nullish() }).safeParse(envelope);
  const time = flow.time ?? outside.data?.time;
  if (!time) return err('it has no time');
  const latencyNs = BigInt(flow.l7?.latency_ns ?? 0);
  if (latencyNs >= nanosecondsOf(time)) return err('l7.latency_ns: longer than the time since 1970');
  const node = flow.node_name || (outside.data?.node_name ?? '');
  const row = rowOf({ flow, time, node });
  return ok({ is: 'flow', row, leftOut: leftOutOf(given, flow, row) });
}

/** The first thing that is wrong, and where. */
function inWords(error: z.ZodError, prefix: string): string {
  const [issue] = error.issues;
  const message = issue?.message.replace(/^Invalid input: /, '') ?? 'not understood';
  return `${prefix}${issue?.path.join('.') ?? ''}: ${message.replace('Invalid input', 'this is no such value')}`;
}

const paths = withoutColumn.map((name) => ({ name, steps: name.split('.') }));

function leftOutOf(given: JsonObject, flow: IncomingFlow, row: HubbleRow): string[] {
  const known = paths.filter(({ steps }) => isThere(given, steps)).map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !knownFields.has(name));
  const isCounted = row.kind === 'drop' || row.connections > 0;
  return [...known, ...unknown, ...(flow.aggregate && !isCounted ? ['aggregate'] : [])];
}

function isThere(given: JsonObject, steps: readonly string[]): boolean {
  let at: unknown = given;
  for (const step of steps) {
    if (!isObject(at)) return false;
    at = at[step];
  }
  return at !== undefined && at !== null;
}
