/**
 * `npm test`: every check of the house, one after the other on purpose (they share two cores and one kernel), all of
 * them even when one fails. Ends with one line, "N passed, N failed". `npm test -- unit lint` runs only those steps.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

interface Count {
  readonly passed: number;
  readonly failed: number;
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Counts what the command did; a check without tests of its own counts as one. */
  readonly count: (exitCode: number, output: readonly string[], report: string) => Promise<Count> | Count;
}

// dist/e2e/check/main.js: the checkout is three folders up.
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const one = (exitCode: number): Count => ({ passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1 });

/** Lines of the Test Anything Protocol. A program that crashed without a failing line still fails. */
function tap(exitCode: number, output: readonly string[]): Count {
  const passed = output.filter((line) => /^ok \d+/.test(line)).length;
  const failed = output.filter((line) => /^not ok \d+/.test(line)).length;
  return { passed, failed: failed === 0 && (exitCode !== 0 || passed === 0) ? 1 : failed };
}

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/** A file that did not even load has no failed tests of its own: it counts as one. */
async function vitestCount(exitCode: number, _output: readonly string[], report: string): Promise<Count> {
  let text;
  try {
    text = await readFile(report, 'utf8');
  } catch (error) {
    print(`  no report: ${String(error)}`);
    return { passed: 0, failed: 1 };
  }
  const result = vitestReport.parse(JSON.parse(text));
  const broken = result.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
  const failed = result.numFailedTests + broken;
  if (result.numPendingTests > 0) print(`  ${result.numPendingTests} skipped`);
  return { passed: result.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

const vitest = (project: string): Step => ({
  name: project,
  command: [bin('vitest'), 'run', '--project', project, '--reporter=default', '--reporter=json'],
  count: vitestCount,
});

const steps: readonly Step[] = [
  { name: 'format', command: [bin('prettier'), '--check', '--log-level=warn', '.'], count: one },
  { name: 'lint', command: [bin('eslint'), '.', '--max-warnings', '0'], count: one },
  { name: 'types', command: [bin('tsc')], count: one },
  { name: 'boundaries', command: ['npm', 'run', '--silent', 'boundaries'], count: one },
  { name: 'unused', command: [bin('knip')], count: one },
  vitest('unit'),
  { name: 'bpf-format', command: ['make', '-s', '-C', 'bpf', 'format-check'], count: one },
  { name: 'bpf', command: ['make', '-s', '-C', 'bpf', 'test'], count: tap },
  { name: 'bpf-live', command: ['make', '-s', '-C', 'bpf', 'live-test'], count: tap },
  vitest('integration'),
  vitest('e2e'),
];

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Told to stop: the step that runs may put away its namespaces and links, and no other begins. */
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

async function run(step: Step, report: string): Promise<Count> {
  const [command = '', ...args] = step.command;
  const reportArgs = step.count === vitestCount ? [`--outputFile.json=${report}`] : [];
  const child = spawn(command, [...args, ...reportArgs], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that all of it can be told.
    detached: true,
    env: {
      ...process.env,
      PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
      REQUIRE_SERVICES: '1',
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
    },
  });
  const stop = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  };
  stopping.signal.addEventListener('abort', stop);
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      output.push(line);
      print(`  ${line}`);
    });
  }
  const exitCode = await new Promise<number>((done) => {
    child.once('error', (error) => {
      print(`  ${error.message}`);
      done(127);
    });
    child.once('close', (code) => done(code ?? 1));
  });
  stopping.signal.removeEventListener('abort', stop);
  return step.count(exitCode, output, report);
}

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    print(`npm test: no step '${unknown.join("', '")}'; there are ${steps.map((s) => s.name).join(', ')}`);
    return 2;
  }
  const scratch = await mkdtemp(join(tmpdir(), 'palomar-check-'));
  const rows: string[] = [];
  let passed = 0;
  let failed = 0;
  for (const step of steps.filter((s) => wanted.length === 0 || wanted.includes(s.name))) {
    if (stopping.signal.aborted) break;
    print(`== ${step.name}`);
    const startedMs = performance.now();
    const count = await run(step, join(scratch, `${step.name}.json`));
    passed += count.passed;
    failed += count.failed;
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    rows.push(
      `${step.name.padEnd(12)} ${String(count.passed).padStart(5)} passed ${String(count.failed).padStart(4)} failed ${seconds.padStart(5)} s`,
    );
  }
  await rm(scratch, { recursive: true, force: true });
  print('');
  for (const row of rows) print(row);
  if (stopping.signal.aborted) print('stopped before the end');
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 && !stopping.signal.aborted ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
