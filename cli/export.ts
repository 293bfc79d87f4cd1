/**
 * `palomar export`: flows of a range into a file or to standard output. Into a file it goes slice by slice, each checked by its
 * digest: an interrupted export goes on where it was when it is asked for again.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';

import { errorSchema, exportFormats, exportPlanResponseSchema, type ExportPlanResponse } from '../model/api.ts';
import { err, ok, type Result } from '../model/result.ts';
import { writeBundle } from './bundle.ts';
import { httpUrl } from './ask-options.ts';
import { CommandFailed, jsonOf } from './command-failed.ts';

export interface ExportOptions {
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
  readonly format: (typeof exportFormats)[number];
  /** Null: standard output. */
  readonly file: string | null;
  /** A folder for the flows and what belongs to them. */
  readonly bundle: string | null;
  readonly help: boolean;
}

export const exportHelp = `usage: npm run palomar -- export [flags]

  --from T          start of the range: a time, now, or now-15m (default now-1h)
  --to T            end of the range (default now)
  --filter TEXT     'ns:shop verdict:dropped to.port:443'
  --format FORM     ${exportFormats.join(', ')} (default csv)
  --columns NAMES   joined by commas, in the order wanted (default all)
  --output-file F   goes on with F.part where an earlier export of the same stopped; F.manifest.json says what F holds
  --bundle DIR      a folder with the flows, the map, the drops, what was seen of the range, and the question itself
  --url URL         the server (default http://127.0.0.1:3000)
  --help            this text

Exit code 0 when all is there, 1 when the server could not, 2 when the question is wrong.
`;

const flags = {
  from: { type: 'string', default: 'now-1h' },
  to: { type: 'string', default: 'now' },
  filter: { type: 'string', default: '' },
  format: { type: 'string', default: 'csv' },
  columns: { type: 'string' },
  'output-file': { type: 'string' },
  bundle: { type: 'string' },
  url: { type: 'string', default: 'http://127.0.0.1:3000' },
  help: { type: 'boolean', default: false },
} as const;

export function parseExportOptions(given: readonly string[]): Result<ExportOptions, string> {
  try {
    const { values } = parseArgs({ args: [...given], options: flags });
    const format = exportFormats.find((one) => one === values.format);
    if (format === undefined) return err(`--format is ${exportFormats.join(', ')}, not '${values.format}'`);
    const url = httpUrl(values.url);
    if (url === null) return err(`--url is http://HOST:PORT, not '${values.url}'`);
    const { from, to, filter, columns, bundle = null } = values;
    if (bundle !== null && values['output-file'] !== undefined) {
      return err('--bundle names a folder for all files: leave --output-file out');
    }
    return ok({
      url,
      query: { from, to, filter, format, ...(columns === undefined ? {} : { columns }) },
      format,
      file: values['output-file'] ?? null,
      bundle,
      help: values.help,
    });
  } catch (error) {
    return err(`${error instanceof Error ? error.message : String(error)}; try: npm run palomar -- export --help`);
  }
}

export interface ExportDeps {
  readonly output: NodeJS.WritableStream;
  readonly say: (line: string) => void;
  /** Overwrites the line it wrote before; does nothing where nobody watches. */
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

export async function exportFlows(options: ExportOptions, deps: ExportDeps): Promise<number> {
  try {
    const plan = await planOf(options, deps);
    if (options.bundle !== null) await intoBundle(options, options.bundle, plan, deps);
    else if (options.file === null) await transfer(options, rangeOf(plan.range), deps, (body) => write(body, deps));
    else await intoFile(options, options.file, plan, deps);
    return 0;
  } catch (error) {
    if (deps.signal.aborted) {
      const goesOn = options.file !== null || options.bundle !== null;
      deps.say(goesOn ? 'palomar: interrupted; the same command goes on' : 'palomar: interrupted');
      return 1;
    }
    if (!(error instanceof CommandFailed)) throw error;
    deps.say(`palomar: ${error.message}`);
    return error.exitCode;
  }
}

const rangeOf = ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): Record<string, string> => ({
  from: String(fromMs),
  to: String(toMs),
});

/** Trailers come with Node's own client only. */
function get(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((done, fail) => {
    request(url, { signal }, done).once('error', fail).end();
  });
}

async function ask(
  options: ExportOptions,
  path: string,
  query: Readonly<Record<string, string>>,
  { signal }: ExportDeps,
): Promise<IncomingMessage> {
  const url = `${options.url}${path}?${new URLSearchParams({ ...options.query, ...query }).toString()}`;
  const answer = await get(url, signal).catch((cause: unknown) => {
    throw new CommandFailed(1, `no server answers at ${options.url}: start one with npm start, or name it with --url`, {
      cause,
    });
  });
  if (answer.statusCode === 200) return answer;
  const told = errorSchema.safeParse(jsonOf(await text(answer)));
  const isWrong = answer.statusCode !== undefined && answer.statusCode < 500;
  throw new CommandFailed(
    isWrong ? 2 : 1,
    told.success ? told.data.error.message : `${options.url} answers ${answer.statusCode}`,
  );
}

async function text(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function planOf(options: ExportOptions, deps: ExportDeps): Promise<ExportPlanResponse> {
  const plan = exportPlanResponseSchema.safeParse(
    jsonOf(await text(await ask(options, '/api/v1/export/plan', {}, deps))),
  );
  if (plan.success) return plan.data;
  throw new CommandFailed(1, `${options.url} answers in a form that this version does not know`, { cause: plan.error });
}

/** Hands the body on and compares its digest with the one behind it: without that it is not whole. */
async function transfer(
  options: ExportOptions,
  query: Readonly<Record<string, string>>,
  deps: ExportDeps,
  take: (body: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const answer = await ask(options, '/api/v1/export', query, deps);
  const hash = createHash('sha256');
  const body = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of answer) {
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  };
  await take(body()).catch((cause: unknown) => {
    throw new CommandFailed(1, `the transfer broke off: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  });
  const digest = answer.trailers['x-palomar-sha256'];
  if (digest === hash.digest('hex')) return;
  throw new CommandFailed(1, 'the transfer is not whole: the server could not go on, ask again');
}

async function write(body: AsyncIterable<Buffer>, { output }: ExportDeps): Promise<void> {
  await pipeline(body, output, { end: false });
}

const stateSchema = z.object({
  query: z.record(z.string(), z.string()),
  plan: exportPlanResponseSchema,
  done: z.number(),
  bytes: z.number(),
});
type State = z.infer<typeof stateSchema>;

async function stateOf(options: ExportOptions, part: string, plan: ExportPlanResponse): Promise<State> {
  const fresh = { query: { ...options.query }, plan, done: 0, bytes: 0 };
  try {
    const known = stateSchema.parse(JSON.parse(await readFile(`${part}.json`, 'utf8')));
    // `now` was another moment then: the range of the plan stays what it was.
    return JSON.stringify(known.query) === JSON.stringify(fresh.query) ? known : fresh;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return fresh;
    throw new CommandFailed(2, `${part}.json is not what an export left: remove it and ${part}`, { cause: error });
  }
}

async function intoFile(
  options: ExportOptions,
  file: string,
  asked: ExportPlanResponse,
  deps: ExportDeps,
): Promise<ExportPlanResponse> {
  const part = `${file}.part`;
  const state = await stateOf(options, part, asked);
  const { plan } = state;
  const slices = plan.slices.length > 0 ? plan.slices : [{ ...plan.range, rows: plan.rows }];
  if (state.done === 0) await writeFile(part, '');
  else await truncate(part, state.bytes);
  let rows = slices.slice(0, state.done).reduce((sum, slice) => sum + slice.rows, 0);
  for (const [at, slice] of slices.entries()) {
    if (at < state.done) continue;
    const handle = await open(part, 'a');
    try {
      await transfer(options, rangeOf(slice), deps, async (body) => {
        const lines = options.format === 'csv' && at > 0 ? withoutHead(body) : body;
        for await (const chunk of lines) await handle.write(chunk);
      });
      state.bytes = (await handle.stat()).size;
    } finally {
      await handle.close();
    }
    state.done = at + 1;
    rows += slice.rows;
    await writeFile(`${part}.json`, JSON.stringify(state));
    deps.progress(
      `${rows.toLocaleString('en-US')} of ${plan.rows.toLocaleString('en-US')} flows, ${Math.round((100 * rows) / Math.max(1, plan.rows))} %`,
    );
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(part), hash);
  const { range, filter, format, columns, evidence } = plan;
  const manifest = {
    file,
    // Rows that came late may have joined them: what a file of the store's own holds is not counted here.
    rowsAtStart: rows,
    bytes: state.bytes,
    sha256: hash.digest('hex'),
    range,
    filter,
    format,
    columns,
    coverage: evidence.coverage,
  };
  await writeFile(`${file}.manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(part, file);
  await rm(`${part}.json`, { force: true });
  deps.say(`${rows.toLocaleString('en-US')} flows when it began, in ${file}`);
  return plan;
}

async function intoBundle(
  options: ExportOptions,
  folder: string,
  plan: ExportPlanResponse,
  deps: ExportDeps,
): Promise<void> {
  const flowsFile = options.format === 'hubble' ? 'flows.hubble' : `flows.${options.format}`;
  // Of the questions beside the flows none knows a format or columns.
  const bare = { ...options, query: {} };
  const names = await writeBundle(folder, flowsFile, {
    url: options.url,
    flowsInto: (file) => intoFile(options, file, plan, deps),
    answerOf: async (path, query) => text(await ask(bare, path, query, deps)),
    clock: Date,
  });
  deps.say(`${folder} holds ${names.join(', ')}`);
}

/** The line of column names is in the file already; names hold no line break. */
async function* withoutHead(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isHead = true;
  for await (const chunk of body) {
    const end = isHead ? chunk.indexOf(10) : -1;
    if (!isHead) yield chunk;
    else if (end >= 0) {
      isHead = false;
      yield chunk.subarray(end + 1);
    }
  }
}
