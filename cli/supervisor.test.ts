/** Real child processes, small ones: this file is about processes and nothing else. */
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { ChildFailed, createSupervisor, type ChildSpec } from './supervisor.ts';

const supervisor = () => {
  const said: string[] = [];
  const output: string[] = [];
  const deps = {
    env: process.env,
    say: (line: string) => void said.push(line),
    output: (child: string, line: string) => void output.push(`${child}: ${line}`),
    now: () => performance.now(),
  };
  return { said, output, ...createSupervisor(deps) };
};

const node = (name: string, program: string, more: Partial<ChildSpec> = {}): ChildSpec => ({
  name,
  command: process.execPath,
  args: ['-e', program],
  env: {},
  ready: 'ipc',
  readyMs: 10_000,
  fatalCodes: [2],
  ...more,
});

const serve = 'process.send({ ready: true, pid: process.pid }); setInterval(() => {}, 1000);';

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(25);
  expect(condition()).toBe(true);
}

test('a child that dies is started again and its new facts replace the old', async () => {
  const s = supervisor();
  const child = await s.start(node('worker', serve));
  const first = child.facts['pid'];
  if (typeof first !== 'number') throw new Error('the child gave no pid');
  process.kill(first, 'SIGKILL');
  await until(() => child.facts['pid'] !== first);
  expect(s.said).toContain('worker is back');
  expect(await child.stop(2_000)).toBe(true);
});

test('a child that ends before it is ready fails with its code and its last words', async () => {
  const s = supervisor();
  const failing = s.start(node('store', 'console.error("data directory is in use"); process.exit(2)'));
  await expect(failing).rejects.toThrow(ChildFailed);
  await expect(failing).rejects.toMatchObject({ code: 2, message: 'data directory is in use' });
  expect(s.output).toEqual(['store: data directory is in use']);
});

test('a command that does not exist is named', async () => {
  const s = supervisor();
  await expect(s.start(node('probe', '', { command: '/nonexistent/palomar-probe' }))).rejects.toThrow(/probe: spawn/);
});

test('a child that ends with a fatal code is not started again', async () => {
  const s = supervisor();
  const child = await s.start(node('worker', 'process.send({ ready: true }); setTimeout(() => process.exit(2), 50)'));
  await until(() => s.said.some((line) => line.startsWith('worker ended for good')));
  expect(await child.stop(1_000)).toBe(true);
});

test('a child that ignores SIGTERM is killed at its deadline and reported', async () => {
  const s = supervisor();
  const child = await s.start(node('stubborn', `process.on('SIGTERM', () => {}); ${serve}`));
  expect(await child.stop(200)).toBe(false);
});

test('a start that is called off ends the child and fails', async () => {
  const s = supervisor();
  const starting = s.start(node('slow', 'setInterval(() => {}, 1000)'));
  await sleep(100);
  s.beginStop();
  await expect(starting).rejects.toThrow('slow was stopped while starting');
  await expect(s.start(node('late', serve))).rejects.toThrow('not started');
});

test('a child that never becomes ready fails at its deadline', async () => {
  const s = supervisor();
  await expect(s.start(node('mute', 'setInterval(() => {}, 1000)', { readyMs: 300 }))).rejects.toThrow('0.3 s');
});

test('a child that ends before its own sign of readiness leaves nothing waiting for it', async () => {
  const s = supervisor();
  let waiting: AbortSignal | null = null;
  const never = (signal: AbortSignal): Promise<Record<string, unknown>> => {
    waiting = signal;
    return new Promise(() => undefined);
  };
  await expect(s.start(node('probe', 'process.exit(3)', { ready: never }))).rejects.toMatchObject({ code: 3 });
  expect(waiting).toMatchObject({ aborted: true });
});
