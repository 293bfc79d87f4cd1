/** `palomar import`: takes files of `palomar export` back into the store, each flow once however often it is asked to. */
import { open, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { createStoreClient } from '../db/client.ts';
import { ImportRefused } from '../db/import/checked-rows.ts';
import { importFlows, importFormats, type ImportFormat } from '../db/import-flows.ts';
import { err, ok, type Result } from '../model/result.ts';

export interface ImportOptions {
  readonly files: readonly { readonly path: string; readonly format: ImportFormat }[];
  /** Null: the embedded store of `dataDir`, at `storePort`. */
  readonly storeUrl: string | null;
  readonly dataDir: string;
  readonly storePort: number;
  readonly help: boolean;
}

const formats = Object.keys(importFormats) as ImportFormat[];

export const importHelp = `usage: npm run palomar -- import [flags] FILE...

  --format FORM     ${formats.join(', ')} (default: what the name of the file ends in)
  --data-dir DIR    of the embedded store, which must be running (default ./data)
  --store-port N    its port (default 8123)
  --help            this text

  CLICKHOUSE_URL    http://user:password@host:8123/database: into that server instead

Files are those of palomar export, with the columns time and id at least. Exit code 0 when all are in, 1 when the store
does not take them, 2 when a file is none.
`;

const flags = {
  format: { type: 'string' },
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
    const files: { path: string; format: ImportFormat }[] = [];
    for (const path of positionals) {
      const named = values.format ?? extname(path).slice(1);
      const format = formats.find((one) => one === named);
      if (format === undefined)
        return err(`${path}: '${named}' is no format; name it with --format ${formats.join('|')}`);
      files.push({ path, format });
    }
    if (files.length === 0 && !values.help) return err('name a file to import; try: npm run palomar -- import --help');
    const storePort = Number(values['store-port']);
    if (!Number.isInteger(storePort) || storePort < 1 || storePort > 65_535) {
      return err(`--store-port is a port, not '${values['store-port']}'`);
    }
    return ok({
      files,
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
  try {
    for (const { path, format } of options.files) {
      // Opened here, because a stream tells of a file that is not there to nobody in particular.
      const file = await open(path);
      const { read, added } = await importFlows(client, { format, body: file.createReadStream() }, deps.signal);
      const known = read - added;
      deps.say(
        `${path}: ${added.toLocaleString('en-US')} flows added, ${known.toLocaleString('en-US')} were there already`,
      );
    }
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    deps.say(`palomar: ${message}`);
    return error instanceof ImportRefused || (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      ? 2
      : 1;
  } finally {
    await client.close();
  }
}
