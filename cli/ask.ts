/** `palomar flows`, `drops`, `map`, `top` and `status`: asks the server over its HTTP API and prints the answer as it was wanted. */
import type { z } from 'zod';

import {
  dropsResponseSchema,
  errorSchema,
  flowsResponseSchema,
  healthSchema,
  liveEvents,
  mapResponseSchema,
  topResponseSchema,
  type DropGroup,
  type Evidence,
  type Flow,
  type FlowEndpoint,
  type MapEdge,
  type TopGroup,
  type TopMeasure,
} from '../model/api.ts';
import { csvLine } from '../model/csv.ts';
import type { AskOptions } from './ask-options.ts';
import { CommandFailed, jsonOf } from './command-failed.ts';
import { printable, tableLines, type Row } from './table.ts';

export interface AskDeps {
  readonly fetch: typeof fetch;
  /** To standard output; resolves when there is room for more. */
  readonly write: (text: string) => Promise<void>;
  /** To standard error. */
  readonly say: (line: string) => void;
  readonly isColoured: boolean;
  readonly signal: AbortSignal;
}

export async function ask(options: AskOptions, deps: AskDeps): Promise<number> {
  try {
    if (options.follow) await follow(options, deps);
    else if (options.question === 'flows') await askFlows(options, deps);
    else if (options.question === 'drops') await askDrops(options, deps);
    else if (options.question === 'map') await askMap(options, deps);
    else if (options.question === 'top') await askTop(options, deps);
    else return await askStatus(options, deps);
    return 0;
  } catch (error) {
    if (deps.signal.aborted) return 0;
    if (!(error instanceof CommandFailed)) throw error;
    deps.say(`palomar: ${error.message.split('\n').map(printable).join('\n')}`);
    return error.exitCode;
  }
}

async function request(options: AskOptions, path: string, deps: AskDeps): Promise<Response> {
  let answer: Response;
  try {
    answer = await deps.fetch(`${options.url}${path}`, { signal: deps.signal });
  } catch (error) {
    if (deps.signal.aborted) throw error;
    const message = `no server answers at ${options.url}: start one with npm start, or name another with --url`;
    throw new CommandFailed(1, message, { cause: error });
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  const code = answer.status < 500 ? 2 : 1;
  const told = errorSchema.safeParse(jsonOf(text));
  if (!told.success) throw new CommandFailed(1, `${options.url} answers ${answer.status}, not as Palomar does`);
  const { message, parameter, position } = told.data.error;
  if (parameter !== 'filter' || position === undefined) throw new CommandFailed(code, message);
  throw new CommandFailed(code, `${message}\n  ${options.filter}\n  ${' '.repeat(position)}^`);
}

async function get<T>(
  options: AskOptions,
  more: Record<string, string>,
  schema: z.ZodType<T>,
  deps: AskDeps,
): Promise<T> {
  const { question, range, filter } = options;
  const parameters = new URLSearchParams({ ...range, filter, ...more });
  const answer = await request(options, `/api/v1/${question}?${parameters.toString()}`, deps);
  const parsed = schema.safeParse(jsonOf(await answer.text()));
  if (parsed.success) return parsed.data;
  throw new CommandFailed(1, `${options.url} answers in a form that this version does not know`, {
    cause: parsed.error,
  });
}

const pageRows = 1000;

/** Page by page, so that any number of flows takes the memory of one page; a table is laid out page by page too. */
async function askFlows(options: AskOptions, deps: AskDeps): Promise<void> {
  const printer = createPrinter(options, deps, flowRow);
  // `now` must be the same moment on every page.
  let range = options.range;
  let cursor: string | null = null;
  let left = options.limit;
  do {
    const more: Record<string, string> = {
      limit: String(Math.min(left, pageRows)),
      ...(cursor === null ? {} : { cursor }),
    };
    const page = await get({ ...options, range }, more, flowsResponseSchema, deps);
    range = { from: String(page.range.fromMs), to: String(page.range.toMs) };
    await printer.print(page.flows);
    left -= page.flows.length;
    cursor = page.cursor;
    if (left <= 0 || cursor === null) tell(page.evidence, cursor !== null, options, deps);
  } while (cursor !== null && left > 0);
  await printer.end();
}

async function askDrops(options: AskOptions, deps: AskDeps): Promise<void> {
  const answer = await get(options, { limit: String(options.limit) }, dropsResponseSchema, deps);
  const printer = createPrinter(options, deps, dropRow);
  await printer.print(answer.groups);
  await printer.end();
  tell(answer.evidence, answer.evidence.truncated, options, deps);
}

async function askMap(options: AskOptions, deps: AskDeps): Promise<void> {
  const answer = await get(options, { limit: String(options.limit) }, mapResponseSchema, deps);
  const printer = createPrinter(options, deps, edgeRow);
  await printer.print(answer.edges);
  await printer.end();
  tell(answer.evidence, answer.evidence.truncated, options, deps);
}

async function askTop(options: AskOptions, deps: AskDeps): Promise<void> {
  const { by, measure, limit } = options;
  const answer = await get(options, { by, measure, limit: String(limit) }, topResponseSchema, deps);
  const printer = createPrinter(options, deps, (group: TopGroup) => topRow(group, answer.by, answer.measure));
  await printer.print(answer.groups);
  await printer.end();
  tell(answer.evidence, answer.evidence.truncated, options, deps);
}

/** Exit code 0 when all is well, 1 when something is missing or down. */
async function askStatus(options: AskOptions, deps: AskDeps): Promise<number> {
  const answer = await request(options, '/api/v1/health', deps);
  const health = healthSchema.parse(jsonOf(await answer.text()));
  const parts = [
    { part: 'palomar', state: health.status, detail: `version ${health.version}` },
    { part: 'store', state: health.store.state, detail: health.store.detail },
    { part: 'capture', state: health.capture.state, detail: health.capture.detail },
    ...health.capture.missing.map((detail) => ({ part: 'missing', state: '', detail })),
  ];
  const printer = createPrinter(options, deps, (part: Row) => part);
  await printer.print(parts);
  await printer.end();
  return health.status === 'ok' ? 0 : 1;
}

/** What an answer leaves out or may lack goes beside it, not into it. */
function tell({ coverage }: Evidence, isCut: boolean, { limit }: AskOptions, { say }: AskDeps): void {
  if (isCut) say(`palomar: there is more than --limit ${limit} shows`);
  const lost = Object.entries(coverage.lost).map(([name, count]) => `${name} ${count}`);
  if (lost.length > 0) say(`palomar: lost while recording this range: ${printable(lost.join(', '))}`);
  if (coverage.gaps.length > 0)
    say(`palomar: gaps in this range, in which a node reported nothing: ${coverage.gaps.length}`);
}

async function follow(options: AskOptions, deps: AskDeps): Promise<void> {
  const parameters = new URLSearchParams({ filter: options.filter });
  const answer = await request(options, `/api/v1/live?${parameters.toString()}`, deps);
  if (answer.body === null) throw new CommandFailed(1, `${options.url} gave no stream`);
  const printer = createPrinter(options, deps, flowRow);
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of answer.body) {
    const events = (pending + decoder.decode(chunk, { stream: true })).split('\n\n');
    pending = events.pop() ?? '';
    for (const event of events) await takeEvent(event, printer, deps);
  }
  throw new CommandFailed(1, 'the server ended the stream: ask again');
}

async function takeEvent(text: string, printer: Printer<Flow>, { say }: AskDeps): Promise<void> {
  const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/m.exec(text) ?? [];
  if (name === 'flows') {
    const { flows, skipped } = liveEvents.flows.parse(jsonOf(data));
    await printer.print(flows);
    if (skipped > 0) say(`palomar: ${skipped} flows arrived faster than this stream shows them`);
  } else if (name === 'problem') {
    say(`palomar: ${printable(liveEvents.problem.parse(jsonOf(data)).message)}`);
  }
}

interface Printer<T> {
  print(items: readonly T[]): Promise<void>;
  end(): Promise<void>;
}

function createPrinter<T>({ output }: AskOptions, { write, isColoured }: AskDeps, rowOf: (item: T) => Row): Printer<T> {
  let printed = 0;
  const lines = async (texts: readonly string[]): Promise<void> => {
    if (texts.length > 0) await write(texts.map((text) => `${text}\n`).join(''));
  };
  return {
    async print(items) {
      const rows = items.map(rowOf);
      if (output === 'jsonl') await lines(items.map((item) => JSON.stringify(item)));
      else if (output === 'json') {
        for (const item of items) await write(`${printed++ === 0 ? '[' : ','}\n${JSON.stringify(item)}`);
      } else if (output === 'csv') {
        const head = printed === 0 ? rows.slice(0, 1).map((row) => csvLine(Object.keys(row))) : [];
        await lines([...head, ...rows.map((row) => csvLine(Object.values(row)))]);
        printed += rows.length;
      } else {
        await lines(tableLines(rows, isColoured).slice(printed === 0 ? 0 : 1));
        printed += rows.length;
      }
    },
    async end() {
      if (output === 'json') await write(printed === 0 ? '[]\n' : '\n]\n');
    },
  };
}

function endText({ namespace, pod, workload, port }: FlowEndpoint): string {
  const name = pod === '' ? workload : pod;
  return `${namespace === '' ? '' : `${namespace}/`}${name}${port === 0 ? '' : `:${port}`}`;
}

function flowRow(flow: Flow): Row {
  return {
    time: flow.time,
    from: endText(flow.from),
    to: endText(flow.to),
    verdict: flow.verdict,
    reason: flow.dropReason,
    summary: flow.summary,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function dropRow(group: DropGroup): Row {
  const { reason, location, source, destination, protocol, port, packets, firstMs, lastMs } = group;
  const nameOf = ({ namespace, name }: DropGroup['source']): string =>
    namespace === '' ? name : `${namespace}/${name}`;
  const to = `${nameOf(destination)}:${port}`;
  return { packets, reason, location, protocol, from: nameOf(source), to, first: iso(firstMs), last: iso(lastMs) };
}

function topRow({ key, value, share }: TopGroup, by: string, measure: TopMeasure): Row {
  const name = key.map((part) => (part === '' ? '(none)' : part)).join(' > ');
  return {
    [by]: name,
    [measure === 'latency' ? 'p95_ms' : measure]: value,
    share: share === null ? '' : share.toFixed(3),
  };
}

function edgeRow(edge: MapEdge): Row {
  const { source, destination, connections, requests, errors, drops, latencyMs } = edge;
  const bytes = String(BigInt(edge.bytesToDestination) + BigInt(edge.bytesToSource));
  return { from: source, to: destination, connections, bytes, requests, errors, drops, p95_ms: latencyMs?.p95 ?? '' };
}
