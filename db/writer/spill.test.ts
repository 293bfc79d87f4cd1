/** The spill folder by itself, on a real file system: nothing else tells what a torn file looks like. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Batch } from './batch.ts';
import { openSpill, type Spill } from './spill.ts';

const never = (): boolean => false;

/** `size` random bytes, which do not shrink. */
function batch(sequence: number, size = 10, rows = 100): Batch {
  const body = new Uint8Array(size);
  let state = sequence;
  for (let i = 0; i < size; i += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    body[i] = state >>> 16;
  }
  return { sequence, table: 'flows', rows, token: `token-${sequence}`, body };
}

describe('the spill folder', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'palomar-spill-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const open = (maxBytes = 2 ** 20): Spill => {
    const opened = openSpill({ directory, maxBytes });
    if (!opened.ok) throw new Error(opened.error);
    return opened.value;
  };
  const files = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.batch'));

  it('gives back what was written, in order, also to a later process', async () => {
    const before = open();
    for (const sequence of [1, 2, 10]) await before.write(batch(sequence, 5000), never);
    const spill = open();
    expect(spill).toMatchObject({ files: 3, rows: 300, nextSequence: 11, torn: { files: 0, rows: 0 } });
    const first = spill.oldest(never) ?? 0;
    const { body, ...facts } = await spill.read(first);
    const { body: written, ...expected } = batch(1, 5000);
    expect(facts).toEqual(expected);
    expect(Buffer.compare(body, written)).toBe(0);
    await spill.remove(first);
    expect(spill.oldest((sequence) => sequence === 2)).toBe(10);
    expect(files()).toHaveLength(2);
  });

  it('drops the oldest past its bound, and says what, but not one that is being sent', async () => {
    const spill = open(12 * 4096);
    for (const sequence of [1, 2, 3]) await spill.write(batch(sequence, 15_000, sequence), never);
    const written = await spill.write(batch(4, 15_000), (sequence) => sequence === 1);
    expect(written).toMatchObject({ ok: true, value: [{ table: 'flows', rows: 2 }] });
    expect(spill.bytes).toBeLessThanOrEqual(12 * 4096);
    expect([1, 2, 3, 4].filter((sequence) => spill.has(sequence))).toEqual([1, 3, 4]);
  });

  it('counts the rows of a torn file at the next start, and keeps the others', async () => {
    const before = open();
    for (const sequence of [1, 2, 3]) await before.write(batch(sequence, 5000, sequence), never);
    const [, second = '', third = ''] = files();
    truncateSync(join(directory, third), 4000);
    truncateSync(join(directory, second), 3);
    const spill = open();
    expect(spill.torn).toEqual({ files: 2, rows: 3 });
    expect(spill).toMatchObject({ files: 1, rows: 1 });
    expect(files()).toHaveLength(1);
  });

  it('takes a whole file that was killed just before it got its name', async () => {
    const before = open();
    await before.write(batch(1), never);
    const [name = ''] = files();
    writeFileSync(join(directory, `0000000000000002.batch.partial`), readFileSync(join(directory, name)));
    expect(open()).toMatchObject({ files: 2, nextSequence: 3, torn: { files: 0 } });
  });

  it('does not hand out rows that changed on disk', async () => {
    const spill = open();
    await spill.write(batch(1, 5000), never);
    const path = join(directory, files()[0] ?? '');
    const bytes = readFileSync(path);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await expect(spill.read(1)).rejects.toThrow();
  });

  it('refuses a folder that another process has, and takes that of one that is gone', () => {
    const mine = open();
    const mark = readFileSync(join(directory, 'owner'), 'utf8');
    const start = (pid: number): string =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\)/s, '').trim().split(' ')[19] ?? '';
    writeFileSync(join(directory, 'owner'), `${process.ppid} ${start(process.ppid)}\n`);
    expect(openSpill({ directory, maxBytes: 1 })).toEqual({
      ok: false,
      error: `${directory} is in use by pid ${process.ppid}: give every collector a folder of its own`,
    });
    // The same number, but another program by now.
    writeFileSync(join(directory, 'owner'), `${process.ppid} 1\n`);
    expect(openSpill({ directory, maxBytes: 1 }).ok).toBe(true);
    expect(mark).toBe(`${process.pid} ${start(process.pid)}\n`);
    mine.close();
  });

  it('says which folder it cannot use, and why', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(openSpill({ directory: join(directory, 'file'), maxBytes: 1 })).toMatchObject({
      ok: false,
      error: expect.stringContaining(`cannot use ${join(directory, 'file')}`),
    });
  });
});
