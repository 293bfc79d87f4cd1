/** Nothing we do alters traffic, and nothing of ours stays behind: before, during, after, and when the probe is killed. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { bpfPrograms, bpfProgramsAgain, settledBpfPrograms } from './bpf-programs.ts';
import { runCommand } from './lab/run-command.ts';
import { eventually, startStack, type Stack } from './stack.ts';

const [a, b] = ['palomar-e2e-a', 'palomar-e2e-b'] as const;
const server = `require('node:http').createServer((q, r) => r.end('ok')).listen(8080, '10.79.1.2', () => console.log('up'))`;
/** Twenty requests a second, each on a connection of its own; a line per request. Ends by itself after two minutes. */
const client = `
  const get = () => new Promise((done) => require('node:http')
    .get({ host: '10.79.1.2', port: 8080, agent: false, timeout: 2000 }, (r) => { r.resume(); r.on('end', () => done(r.statusCode)); })
    .on('timeout', function () { this.destroy(new Error('timeout')); })
    .on('error', (e) => done(e.message)));
  (async () => { for (let i = 0; i < 2400; i++) { console.log(await get()); await new Promise((d) => setTimeout(d, 50)); } })();`;

const removeNamespaces = (): void => {
  for (const name of [a, b]) spawnSync('ip', ['netns', 'delete', name]);
};

const children: ChildProcess[] = [];
const answers: string[] = [];
let stack: Stack;

function inside(netns: string, program: string): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', netns, process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

beforeAll(async () => {
  removeNamespaces();
  for (const name of [a, b]) await runCommand(['ip', 'netns', 'add', name]);
  await runCommand(['ip', 'link', 'add', 'eth0', 'netns', a, 'type', 'veth', 'peer', 'name', 'palomar-e2e0']);
  await runCommand(['ip', 'link', 'add', 'eth0', 'netns', b, 'type', 'veth', 'peer', 'name', 'palomar-e2e1']);
  for (const [name, link, own, other] of [
    [a, 'palomar-e2e0', '10.79.1.1', '10.79.1.2'],
    [b, 'palomar-e2e1', '10.79.1.2', '10.79.1.1'],
  ] as const) {
    await runCommand(['ip', 'link', 'set', link, 'up']);
    // Per link, so that the setting goes when the link goes.
    await writeFile(`/proc/sys/net/ipv4/conf/${link}/forwarding`, '1');
    await runCommand(['ip', 'address', 'add', '169.254.79.1/32', 'dev', link]);
    await runCommand(['ip', 'route', 'add', `${own}/32`, 'dev', link]);
    await runCommand(['ip', '-n', name, 'address', 'add', `${own}/32`, 'dev', 'eth0']);
    await runCommand(['ip', '-n', name, 'link', 'set', 'eth0', 'up']);
    await runCommand(['ip', '-n', name, 'route', 'add', '169.254.79.1/32', 'dev', 'eth0']);
    await runCommand(['ip', '-n', name, 'route', 'add', `${other}/32`, 'via', '169.254.79.1']);
  }
  const up = inside(b, server);
  await new Promise((done) => up.stdout?.once('data', done));
  const asking = inside(a, client);
  if (asking.stdout === null) throw new Error('the client has no output');
  createInterface({ input: asking.stdout }).on('line', (line) => answers.push(line));
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await stack.remove();
  removeNamespaces();
});

/** Everything the client got since the last call; at least ten answers, or the client itself has stopped. */
async function answersSoFar(): Promise<string[]> {
  await eventually(
    10_000,
    () => Promise.resolve(answers.length >= 10 ? true : null),
    () => `only ${answers.length} answers`,
  );
  return answers.splice(0);
}
const allOk = (lines: readonly string[]): readonly string[] => lines.filter((line) => line !== '200');

test('traffic works before, during and after, also across kill -9 of the probe, and no program is left', async () => {
  const before = await settledBpfPrograms();
  expect(allOk(await answersSoFar())).toEqual([]);

  stack = await startStack({ args: [] });
  expect(bpfPrograms().length).toBeGreaterThan(before.length);
  expect(allOk(await answersSoFar())).toEqual([]);

  for (const script of ['dist/collector/main.js', 'dist/server/main.js']) {
    const status = await readFile(`/proc/${await stack.pidOf(script)}/status`, 'utf8');
    expect(status, `${script} runs without capabilities`).toMatch(/^CapEff:\s*0+$/m);
    expect(status).toMatch(/^CapBnd:\s*0+$/m);
  }

  const probe = await stack.pidOf('bpf/build/palomar-probe');
  process.kill(probe, 'SIGKILL');
  await eventually(
    20_000,
    () => Promise.resolve(stack.lines.some((line) => line.includes('probe is back')) ? true : null),
    () => stack.lines.join('\n'),
  );
  await sleep(1_000);
  expect(allOk(await answersSoFar())).toEqual([]);

  const { code } = await stack.stop();
  expect(code).toBe(0);
  expect(allOk(await answersSoFar())).toEqual([]);
  await bpfProgramsAgain(before);
});

test.each([
  ['flows, drops, sockets and failed calls', [], ['watch_ingress', 'watch_sockets', 'watch_connect', 'list_sockets']],
  ['plaintext as well', ['--tls-uprobes'], ['watch_tls_write', 'watch_tls_end', 'watch_tls_free', 'watch_tls_sent']],
])('a probe of %s whose supervisor is killed -9 leaves no program behind', async (_name, args, watching) => {
  const before = await settledBpfPrograms();
  stack = await startStack({ args });
  const names = bpfPrograms().map((program) => program.split(' ').at(-1));
  expect(names).toEqual(expect.arrayContaining(watching));
  const supervisor = await stack.parentOf(await stack.pidOf('bpf/build/palomar-probe'));
  process.kill(supervisor, 'SIGKILL');
  await bpfProgramsAgain(before);
  expect(allOk(await answersSoFar())).toEqual([]);
});
