/** Starts that cannot work end with one clear line and code 2. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { makeDataDir, runStart, startStack } from './stack.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'palomar-refusal-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const complaint = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('palomar: '));

test('an unknown flag is named', async () => {
  const { code, lines } = await runStart(['--colour']);
  expect(code).toBe(2);
  expect(complaint(lines)).toEqual([expect.stringContaining('--colour')]);
});

test('a port in use is named', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, lines } = await runStart(['--port', String(port), '--data-dir', dir]);
  server.close();
  expect(code).toBe(2);
  expect(complaint(lines)).toEqual([expect.stringContaining(`port ${port} is in use`)]);
});

test('a data directory that is a file is named', async () => {
  await writeFile(join(dir, 'file'), 'x');
  const { code, lines } = await runStart(['--port', '0', '--data-dir', join(dir, 'file')]);
  expect(code).toBe(2);
  expect(complaint(lines)).toEqual([expect.stringContaining(join(dir, 'file'))]);
});

test('a data directory this user may not read is named', async () => {
  await chmod(dir, 0o700);
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  // Under root the directory is root's; otherwise it is taken away from its owner.
  if (process.getuid?.() !== 0) await chmod(dir, 0o000);
  const { code, lines } = await runStart(['--port', '0', '--data-dir', dir], {
    prefix: process.getuid?.() === 0 ? asNobody : [],
  });
  expect(code).toBe(2);
  expect(complaint(lines)).toEqual([expect.stringContaining(dir)]);
});

test('a data directory in use is refused while its owner goes on', async () => {
  const dataDir = await makeDataDir();
  const first = await startStack({ args: ['--no-probe'], dataDir });
  try {
    const { code, lines } = await runStart(['--port', '0', '--store-port', '0', '--no-probe', '--data-dir', dataDir]);
    expect(code).toBe(2);
    expect(complaint(lines)).toEqual([expect.stringContaining('in use')]);
    expect((await first.health()).store.state).toBe('ok');
  } finally {
    await first.remove();
  }
});

test('a recording that is none is refused', async () => {
  const file = join(dir, 'not-a-recording');
  await writeFile(file, 'GET / HTTP/1.1\r\n'.repeat(100));
  const { code, lines } = await runStart([
    '--port',
    '0',
    '--store-port',
    '0',
    '--data-dir',
    join(dir, 'data'),
    '--replay',
    file,
  ]);
  expect(code).toBe(2);
  expect(complaint(lines)).toEqual([expect.stringContaining('not-a-recording')]);
});
