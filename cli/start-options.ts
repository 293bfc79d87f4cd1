/** The flags and environment of `npm start`: one schema, one help text, every problem named with its fix. */
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';

import { basePathSchema } from '../model/base-path.ts';
import { err, ok, type Result } from '../model/result.ts';

export interface StartOptions {
  readonly port: number;
  readonly storePort: number | null;
  readonly dataDir: string;
  readonly lab: boolean;
  readonly replay: string | null;
  readonly record: string | null;
  readonly probe: boolean;
  /** Read plaintext at TLS libraries. */
  readonly tlsUprobes: boolean;
  /** Null: as the Kubernetes API tells, else `default`. */
  readonly cluster: string | null;
  /** Of the page and the API; empty for none. */
  readonly basePath: string;
  readonly clickhouseUrl: string | null;
  readonly kubernetesUrl: string | null;
  readonly help: boolean;
}

export const startHelp = `usage: npm start -- [flags]

  --port N          port of the page and the API on 127.0.0.1 (default 3000; 0 takes any free one)
  --data-dir DIR    where the embedded store keeps its data (default ./data)
  --store-port N    port of the embedded store on 127.0.0.1 (default 8123, or any free one when that is taken)
  --lab             also run the lab: pods in network namespaces that talk to each other, and one dropped egress
  --replay FILE     play a recording instead of capturing; its times are shifted to end now
  --record FILE     keep a copy of what the probe sends, for --replay
  --no-probe        capture nothing; show what is stored
  --tls-uprobes     also read what programs encrypt: plaintext at every OpenSSL in use, Node's own included
  --base-path PATH  path that it is reached below behind a proxy, such as /palomar
  --cluster NAME    cluster name put on every flow (default: what the Kubernetes API tells)
  --help            this text

environment:
  CLICKHOUSE_URL          http://user:password@host:8123/database: use that server instead of the embedded store
  PALOMAR_KUBERNETES_URL  API server to take pod identity from (or KUBECONFIG)
  PALOMAR_NETWORKS        file that names networks outside, a line each: 10.20.0.0/16 office
  PALOMAR_LOG_LEVEL       trace, debug, info, warn (default) or error
`;

const flags = {
  port: { type: 'string' },
  'store-port': { type: 'string' },
  'data-dir': { type: 'string' },
  lab: { type: 'boolean' },
  replay: { type: 'string' },
  record: { type: 'string' },
  'no-probe': { type: 'boolean' },
  'tls-uprobes': { type: 'boolean' },
  'base-path': { type: 'string' },
  cluster: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Reads a port; the error names the flag. */
function port(flag: string, text: string): Result<number, string> {
  const value = Number(text);
  return /^\d+$/.test(text) && value <= 65_535
    ? ok(value)
    : err(`--${flag}: '${text}' is not a port; give a number from 0 to 65535`);
}

/**
 * Parses `argv` (without node and script) and `env`. Errors are one line for the terminal; the caller exits with 2.
 * Relative paths are taken from `cwd`.
 */
export function parseStartOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Result<StartOptions, string> {
  let values;
  try {
    ({ values } = parseArgs({ args: [...argv], options: flags, strict: true, allowPositionals: false }));
  } catch (error) {
    // parseArgs throws TypeErrors whose first sentence names the argument; the rest is advice on its own syntax.
    const reason = error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error);
    return err(`${reason}; see npm start -- --help`);
  }

  const pagePort = port('port', values.port ?? '3000');
  if (!pagePort.ok) return pagePort;
  const storePort = values['store-port'] === undefined ? ok(null) : port('store-port', values['store-port']);
  if (!storePort.ok) return storePort;

  for (const flag of ['replay', 'record', 'data-dir', 'cluster'] as const) {
    if (values[flag] === '') return err(`--${flag}: needs a value; see npm start -- --help`);
  }
  if (values.replay !== undefined && values.lab === true) {
    return err('--replay and --lab exclude each other: a recording has its own pods');
  }
  if (values.replay !== undefined && values.record !== undefined) {
    return err('--replay and --record exclude each other: copy the recording instead');
  }

  const basePath = basePathSchema.safeParse(values['base-path'] ?? '');
  if (!basePath.success)
    return err(`--base-path: '${values['base-path'] ?? ''}' ${basePath.error.issues[0]?.message ?? ''}`);

  const probe = values['no-probe'] !== true && values.replay === undefined;
  if (values['tls-uprobes'] === true && !probe) {
    return err('--tls-uprobes needs a probe: leave out --no-probe and --replay');
  }

  const clickhouseUrl = env['CLICKHOUSE_URL'] ?? '';
  if (clickhouseUrl !== '') {
    const url = URL.canParse(clickhouseUrl) ? new URL(clickhouseUrl) : null;
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      return err('CLICKHOUSE_URL: not a URL of the form http://user:password@host:8123/database');
    }
  }

  const at = (path: string | undefined): string | null => (path === undefined ? null : resolve(cwd, path));
  return ok({
    port: pagePort.value,
    storePort: storePort.value,
    dataDir: resolve(cwd, values['data-dir'] ?? 'data'),
    lab: values.lab === true,
    replay: at(values.replay),
    record: at(values.record),
    probe,
    tlsUprobes: values['tls-uprobes'] === true,
    cluster: values.cluster ?? null,
    basePath: basePath.data,
    clickhouseUrl: clickhouseUrl === '' ? null : clickhouseUrl,
    kubernetesUrl: env['PALOMAR_KUBERNETES_URL'] ?? null,
    help: values.help === true,
  });
}
