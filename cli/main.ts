/** Entry point of `palomar`. The only place in cli/ that reads the environment and writes to the terminal. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describeFindings, doctorHelp, examine, exitCodeOf, parseDoctorOptions } from './doctor.ts';
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

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...flags] = argv;
  if (command === 'doctor') return doctor(flags);
  if (command !== 'start') {
    say(`palomar: unknown command '${command ?? ''}'; there are start and doctor; try: npm start -- --help`);
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
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
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
