/** The flags of `palomar flows`, `drops`, `map`, `top` and `status`: one help text, every problem named with its fix. */
import { parseArgs } from 'node:util';

import { err, ok, type Result } from '../model/result.ts';

export const questions = ['flows', 'drops', 'map', 'top', 'status'] as const;
export type Question = (typeof questions)[number];

const outputs = ['table', 'json', 'jsonl', 'csv'] as const;
export type Output = (typeof outputs)[number];

export interface AskOptions {
  readonly question: Question;
  readonly url: string;
  /** As the server takes them; it checks them. */
  readonly range: { readonly from: string; readonly to: string };
  readonly filter: string;
  readonly limit: number;
  /** Of top: the server checks them. */
  readonly by: string;
  readonly measure: string;
  readonly output: Output;
  readonly follow: boolean;
  readonly help: boolean;
}

export const askHelp = `usage: npm run palomar -- flows|drops|map|top|status [flags]

  --from T         start of the range: a time, now, or now-15m (default now-1h)
  --to T           end of the range (default now)
  --filter TEXT    'ns:shop verdict:dropped to.port:443 not (http.status:5xx or label:app=load)'
  --limit N        most rows (default 100)
  --output FORM    table (default), json, jsonl or csv
  --by DIMENSION   top only: edge, to.workload, from.ns, port, http.path, reason, to.label:app ... (default to.workload)
  --measure NAME   top only: bytes, requests, errors, latency, drops, failed ... (default bytes)
  --follow         flows only: go on with those that arrive, until it is interrupted
  --url URL        the server (default http://127.0.0.1:3000)
  --help           this text

Exit code 0 when answered, 1 when the server could not, 2 when the question is wrong.
`;

const flags = {
  from: { type: 'string', default: 'now-1h' },
  to: { type: 'string', default: 'now' },
  filter: { type: 'string', default: '' },
  limit: { type: 'string', default: '100' },
  by: { type: 'string', default: 'to.workload' },
  measure: { type: 'string', default: 'bytes' },
  output: { type: 'string', default: 'table' },
  follow: { type: 'boolean', default: false },
  url: { type: 'string', default: 'http://127.0.0.1:3000' },
  help: { type: 'boolean', default: false },
} as const;

/** Of map and drops the server gives as many at once; flows come page by page. */
const mostRows = { flows: 10_000_000, drops: 5000, map: 5000, top: 1000, status: 1000 } as const;

/** Without a slash at its end; null when it is no address of a server. */
export function httpUrl(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? href.replace(/\/+$/, '') : null;
}

export function parseAskOptions(question: Question, given: readonly string[]): Result<AskOptions, string> {
  const hint = `try: npm run palomar -- ${question} --help`;
  try {
    const { values } = parseArgs({ args: [...given], options: flags });
    const { from, to, filter, by, measure, follow, help } = values;
    const output = outputs.find((one) => one === values.output);
    if (output === undefined) return err(`--output is ${outputs.join(', ')}, not '${values.output}'`);
    const limit = Number(values.limit);
    if (!/^\d+$/.test(values.limit) || limit < 1 || limit > mostRows[question]) {
      return err(`--limit is a number from 1 to ${mostRows[question]}, not '${values.limit}'`);
    }
    const url = httpUrl(values.url);
    if (url === null) return err(`--url is http://HOST:PORT, not '${values.url}'`);
    if (follow && question !== 'flows') return err(`--follow is for flows, not for ${question}`);
    if (follow && output === 'json') return err('--follow has no end, which --output json needs: use jsonl');
    return ok({ question, url, range: { from, to }, filter, limit, by, measure, output, follow, help });
  } catch (error) {
    return err(`${error instanceof Error ? error.message : String(error)}; ${hint}`);
  }
}
