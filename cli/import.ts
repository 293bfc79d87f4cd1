/**
 * `palomar import`: takes files of `palomar export` and of Hubble's exporter into the store, each flow once however often it is
 * asked to. A line that cannot be taken is left out and named at the end; a file that cannot does not stop those after it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { createStoreClient, type StoreClient } from '../db/client.ts';
import { ImportRefused, type Refusal } from '../db/import/checked-rows.ts';
import { importFlows } from '../db/import-flows.ts';
import { err, ok, type Result } from '../model/result.ts';
import { createHubbleRows, type HubbleTally } from './hubble-rows.ts';
import { fileFormats, openImportFile, type FileFormat, type ImportFile } from './import-file.ts';
import { printable } from './table.ts';

export interface ImportOptions {
  readonly files: readonly string[];
  /** Null: what each file is. */
  readonly format: FileFormat | null;
  /** A line that cannot be taken refuses its file. */
  readonly isStrict: boolean;
  /** Null: the embedded store of `dataDir`, at `storePort`. */
  readonly storeUrl: string | null;
  readonly dataDir: string;
  readonly storePort: number;
  readonly help: boolean;
}

export const importHelp = `usage: npm run palomar -- import [flags] FILE...

  --format FORM     ${fileFormats.join(', ')} (default: what the name of the file ends in; of lines of JSON, what they are)
  --strict          a line that cannot be taken refuses its whole file (default: it is left out, and named at the end)
  --data-dir DIR    of the embedded store, which must be running (default ./data)
  --store-port N    its port (default 8123)
  --help            this text

  CLICKHOUSE_URL    http://user:password@host:8123/database: into that server instead

Files are those of palomar export, with the columns time and id at least, and those that Cilium Hubble's exporter or
hubble observe -o jsonpb writes; each may be packed with gzip. A flow that is there already is left out. Exit code 0 when all
are in, 1 when the store does not take them, 2 when a file was refused, 3 when lines were and the rest is in.
`;

const flags = {
  format: { type: 'string' },
  strict: { type: 'boolean', default: false },
  'data-dir': { type: 'string', default: 'data' },
  'store-port': { type: 'string', default: '8123' },
  help: { type: 'boolean', default: false },
} as const;

export function parseImportOptions(
  given: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<ImportOptions, string> {
  try {
    const { values, positionals } = parseArgs({ args: [...given], options: flags, allowPositionals: true });
    const format = fileFormats.find((one) => one === values.format) ?? null;
    if (values.format !== undefined && format === null) {
      return err(`--format is ${fileFormats.join(', ')}, not '${values.format}'`);
    }
    if (positionals.length === 0 && !values.help) {
      return err('name a file to import; try: npm run palomar -- import --help');
    }
    const storePort = Number(values['store-port']);
    if (!Number.isInteger(storePort) || storePort < 1 || storePort > 65_535) {
      return err(`--store-port is a port, not '${values['store-port']}'`);
    }
    return ok({
      files: positionals,
      format,
      isStrict: values.strict,
      storeUrl: env['CLICKHOUSE_URL'] ?? null,
      dataDir: values['data-dir'],
      storePort,
      help: values.help,
    });
  } catch (error) {
    return err(`${error instanceof Error ? error.message : String(error)}; try: npm run palomar -- import --help`);
  }
}

export interface ImportDeps {
  readonly say: (line: string) => void;
  /** Overwrites the line it wrote before; does nothing where nobody watches. */
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

async function storeUrlOf({ storeUrl, dataDir, storePort }: ImportOptions): Promise<string> {
  if (storeUrl !== null) return storeUrl;
  const password = (await readFile(join(dataDir, 'store.password'), 'utf8')).trim();
  return `http://default:${encodeURIComponent(password)}@127.0.0.1:${storePort}/palomar`;
}

/** Of many million rows each step takes its time. */
const patienceMs = 3_600_000;

export async function importFiles(options: ImportOptions, deps: ImportDeps): Promise<number> {
  let url: string;
  try {
    url = await storeUrlOf(options);
  } catch {
    deps.say(
      `palomar: no embedded store in ${options.dataDir}: name it with --data-dir, or a server with CLICKHOUSE_URL`,
    );
    return 2;
  }
  const client = createStoreClient(url, { requestTimeoutMs: patienceMs });
  const refusals = createRefusals();
  try {
    for (const path of options.files) await importOne(client, path, options, refusals, deps);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    deps.say(deps.signal.aborted ? 'palomar: interrupted; the same command goes on' : `palomar: ${message}`);
    return 1;
  } finally {
    await client.close();
    for (const line of refusals.lines()) deps.say(line);
  }
  return refusals.files > 0 ? 2 : refusals.count > 0 ? 3 : 0;
}

/** A file that is refused is told of and counted: those after it are not its fault. */
async function importOne(
  client: StoreClient,
  path: string,
  options: ImportOptions,
  refusals: Refusals,
  deps: ImportDeps,
): Promise<void> {
  const before = refusals.count;
  try {
    const file = await openImportFile(path, options.format);
    const onRefused = options.isStrict ? undefined : (refusal: Refusal) => refusals.add(path, refusal);
    for (const line of await take(client, file, onRefused, deps)) deps.say(`${path}: ${line}`);
    const refused = refusals.count - before;
    if (refused > 0) deps.say(`${path}: ${many(refused, 'line')} refused`);
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error;
    refusals.files += 1;
    deps.say(`palomar: ${path}: ${printable(error.message)}`);
  }
}

async function take(
  client: StoreClient,
  file: ImportFile,
  onRefused: ((refusal: Refusal) => void) | undefined,
  { progress, signal }: ImportDeps,
): Promise<readonly string[]> {
  let bytes = 0;
  const tellRead = (rows: number, refused: number): void => {
    const share = Math.round((100 * bytes) / Math.max(1, file.bytes));
    progress(`${file.path}: ${many(rows, 'flow')} read, ${many(refused, 'line')} refused, ${share} %`);
  };
  const body = file.read((more) => {
    bytes += more;
  });
  const hubble = file.format === 'hubble' ? createHubbleRows(body, { onRefused, onProgress: tellRead }) : null;
  const { read, added, leftOut } = await importFlows(
    client,
    {
      format: file.format === 'hubble' ? 'jsonl' : file.format,
      body: hubble?.rows ?? body,
      isChecked: hubble !== null,
      ...(onRefused === undefined ? {} : { onRefused }),
      onProgress(at) {
        if (at.step === 'reading') tellRead(at.rows, at.refused);
        else progress(`${file.path}: storing day ${at.day} of ${at.days}`);
      },
    },
    signal,
  );
  return [
    `${many(added, 'flow')} added, ${(read - added).toLocaleString('en-US')} were there already`,
    ...(hubble === null ? [] : tallyLines(hubble.tally)),
    ...notKept(hubble === null ? leftOut : [...hubble.tally.leftOut]),
  ];
}

function many(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

const counts = (of: ReadonlyMap<string, number>): string =>
  [...of].map(([name, count]) => `${printable(name)} ${count.toLocaleString('en-US')}`).join(', ');

function tallyLines({ flows, joined, lost, others }: HubbleTally): string[] {
  const requests = many(joined, 'request');
  return [
    ...(joined === 0 ? [] : [`of ${many(flows, 'line')} with a flow ${requests} went with the answer into one row`]),
    ...(lost.size === 0 ? [] : [`Hubble had lost events while it wrote this: ${counts(lost)}`]),
    ...(others.size === 0 ? [] : [`lines that are no flows: ${counts(others)}`]),
  ];
}

function notKept(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`not kept, flows have no column for it: ${names.map(printable).join(', ')}`];
}

interface Refusals {
  readonly count: number;
  /** Whole ones. */
  files: number;
  add(path: string, refusal: Refusal): void;
  /** What to say in the end. */
  lines(): readonly string[];
}

const mostNamed = 10;

function createRefusals(): Refusals {
  const named: string[] = [];
  let count = 0;
  return {
    files: 0,
    get count() {
      return count;
    },
    add(path, { line, why }) {
      count += 1;
      if (named.length < mostNamed) named.push(`  ${path}:${line}: ${printable(why)}`);
    },
    lines() {
      if (count === 0) return [];
      const head = `palomar: ${many(count, 'line')} refused${count > mostNamed ? `, the first ${mostNamed} of them` : ''}:`;
      return [head, ...named];
    },
  };
}
