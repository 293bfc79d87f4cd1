import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { freePort, missingForCapture, readableFile, usableDataDir } from './preflight.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'palomar-preflight-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('a port in use is refused by number, with the flag that changes it', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect(await freePort(port)).toEqual({ ok: false, error: `port ${port} is in use; choose another with --port` });
  server.close();
});

test('port 0 gives a free one', async () => {
  expect(await freePort(0)).toMatchObject({ ok: true });
});

test('a data directory is made when it is not there, and refused when it is a file', async () => {
  expect(await usableDataDir(join(dir, 'a/b'))).toEqual({ ok: true, value: null });
  await writeFile(join(dir, 'file'), '');
  expect(await usableDataDir(join(dir, 'file'))).toMatchObject({ ok: false });
});

test('a recording that is absent, empty or a directory is named', async () => {
  await writeFile(join(dir, 'empty'), '');
  await writeFile(join(dir, 'some'), 'x');
  expect(await readableFile('--replay', join(dir, 'none'))).toMatchObject({
    error: expect.stringContaining('not exist'),
  });
  expect(await readableFile('--replay', join(dir, 'empty'))).toMatchObject({ error: expect.stringContaining('empty') });
  expect(await readableFile('--replay', dir)).toMatchObject({ error: expect.stringContaining('not a file') });
  expect(await readableFile('--replay', join(dir, 'some'))).toEqual({ ok: true, value: null });
});

test('a probe that is not built is missing, with the packages that build it', async () => {
  const missing = await missingForCapture(join(dir, 'palomar-probe'));
  expect(missing.some((line) => line.includes('libbpf-dev'))).toBe(true);
});
