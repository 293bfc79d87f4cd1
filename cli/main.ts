/** Entry point of `palomar`. The only place in cli/ that reads the environment and writes to the terminal. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ask } from './ask.ts';
import { askHelp, parseAskOptions, questions, type Question } from './ask-options.ts';
import { commands, completion } from './completion.ts';
import { describeFindings, doctorHelp, examine, exitCodeOf, parseDoctorOptions } from './doctor.ts';
import { exportFlows, exportHelp, parseExportOptions } from './export.ts';
import { importFiles, importHelp, parseImportOptions } from './import.ts';
import { parseStartOptions, startHelp } from './start-options.ts';
import { start, StartRefused } from './start.ts';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** A logged error is its message here; whoever needs the stack reads the child's own log. */
const inShort = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'message' in value ? String(value.message) : JSON.stringify(value);

/** Children log JSON lines; a person reads `name: message (error)`. */
function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null || !('msg' in entry)) return line;
    const framing = new Set(['msg', 'level', 'time', 'pid', 'hostname', 'name', 'component']);
    const facts = Object.entries(entry)
      .filter(([key]) => !framing.has(key))
      .map(([key, value]) => `${key === 'err' ? 'error' : key}=${inShort(value)}`);
    return [String(entry.msg), ...facts].join('  ');
  } catch {
    return line;
  }
}

// dist/cli/main.js: the checkout is two folders up.
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

async function doctor(flags: readonly string[]): Promise<number> {
  const options = parseDoctorOptions(flags);
  if (!options.ok) {
    say(`palomar: ${options.error}`);
    return 2;
  }
  if (options.value.help) {
    process.stdout.write(doctorHelp);
    return 0;
  }
  const findings = await examine({
    probePath: join(root, 'bpf/build/palomar-probe'),
    storeUrl: process.env['CLICKHOUSE_URL'] ?? null,
    nodeVersion: process.version,
    fetch,
  });
  process.stdout.write(
    options.value.json
      ? `${JSON.stringify(findings, null, 2)}\n`
      : describeFindings(findings, process.stdout.isTTY && process.env['NO_COLOR'] === undefined),
  );
  return exitCodeOf(findings);
}

/** Whoever reads the output may have enough of it: `| head` is no failure. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

async function askServer(question: Question, flags: readonly string[]): Promise<number> {
  const options = parseAskOptions(question, flags);
  if (!options.ok) {
    say(`palomar: ${options.error}`);
    return 2;
  }
  if (options.value.help) {
    process.stdout.write(askHelp);
    return 0;
  }
  endWithReader();
  return ask(options.value, {
    fetch,
    write: async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    },
    say,
    isColoured: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    signal: interruption(),
  });
}

/** Aborts once the user has had enough. */
function interruption(): AbortSignal {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  return interrupted.signal;
}

async function exportHistory(flags: readonly string[]): Promise<number> {
  const options = parseExportOptions(flags);
  if (!options.ok) {
    say(`palomar: ${options.error}`);
    return 2;
  }
  if (options.value.help) {
    process.stdout.write(exportHelp);
    return 0;
  }
  endWithReader();
  return exportFlows(options.value, { output: process.stdout, ...terminal(), signal: interruption() });
}

/** Where somebody watches, progress is one line that is written over and over. */
function terminal(): { readonly say: (line: string) => void; readonly progress: (text: string) => void } {
  if (!process.stderr.isTTY) return { say, progress: () => undefined };
  return {
    say: (line) => say(`\r\u001b[K${line}`),
    progress: (text) => void process.stderr.write(`\r\u001b[K${text}`),
  };
}

async function importHistory(flags: readonly string[]): Promise<number> {
  const options = parseImportOptions(flags, process.env);
  if (!options.ok) {
    say(`palomar: ${options.error}`);
    return 2;
  }
  if (options.value.help) {
    process.stdout.write(importHelp);
    return 0;
  }
  return importFiles(options.value, { ...terminal(), signal: interruption() });
}

function readVersion(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...flags] = argv;
  if (command === 'doctor') return doctor(flags);
  if (command === 'export') return exportHistory(flags);
  if (command === 'import') return importHistory(flags);
  if (command === 'completion') {
    const script = completion(flags[0]);
    if (script.ok) process.stdout.write(script.value);
    else say(`palomar: ${script.error}`);
    return script.ok ? 0 : 2;
  }
  if (command === 'version' || command === '--version') {
    process.stdout.write(`${readVersion()}\n`);
    return 0;
  }
  const question = questions.find((one) => one === command);
  if (question !== undefined) return askServer(question, flags);
  if (command !== 'start') {
    say(`palomar: unknown command '${command ?? ''}'; there are ${commands.join(', ')}; try: npm start -- --help`);
    return 2;
  }
  const options = parseStartOptions(flags, process.env, process.env['INIT_CWD'] ?? process.cwd());
  if (!options.ok) {
    say(`palomar: ${options.error}`);
    return 2;
  }
  if (options.value.help) {
    process.stdout.write(startHelp);
    return 0;
  }
  const version = readVersion();
  say(`Palomar ${version}`);
  try {
    await start(options.value, {
      root,
      version,
      env: process.env,
      say: (line) => say(`  ${line}`),
      output: (child, line) => say(`  ${child}: ${readable(line)}`),
    });
    return 0;
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    say(`palomar: ${error.message}`);
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
