import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { statusColumns } from '../model/status-columns.ts';
import { appendFlow, appendRow } from './block.fixture.ts';
import { createWriter, type Writer, type WriterConfig } from './writer.ts';
import { openSpill, type Spill } from './writer/spill.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Answers every statement of a migration, and inserts as the test says. */
interface FakeStore {
  url: string;
  inserts: { token: string; bytes: number }[];
  /** Of every insert, in order. */
  tables: string[];
  /** Taken from the front; 200 when empty. A number and a ClickHouse error. */
  answers: { status: number; error: string }[];
  /** Refuses an insert by its token, before any answer is taken. */
  refuse: (token: string) => string | null;
  close(): Promise<void>;
}

async function startFakeStore(): Promise<FakeStore> {
  const inserts: FakeStore['inserts'] = [];
  const tables: string[] = [];
  const answers: FakeStore['answers'] = [];
  const fake: FakeStore = {
    url: '',
    inserts,
    tables,
    answers,
    refuse: () => null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server: Server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://fake');
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => {
      const [, table] = /^INSERT INTO (\w+) FORMAT Native/.exec(searchParams.get('query') ?? '') ?? [];
      if (table !== undefined) tables.push(table);
      if (!(searchParams.get('query') ?? '').startsWith('INSERT INTO flows')) {
        response.end();
        return;
      }
      const token = searchParams.get('insert_deduplication_token') ?? '';
      inserts.push({ token, bytes });
      const refusal = fake.refuse(token);
      const answer = refusal === null ? answers.shift() : { status: 500, error: refusal };
      if (answer === undefined) response.end();
      else response.writeHead(answer.status, { 'X-ClickHouse-Exception-Code': '1' }).end(answer.error);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  fake.url = `http://default:pw@127.0.0.1:${port}/palomar`;
  return fake;
}

function appendCoverage(writer: Writer): void {
  const block = writer.coverage();
  const { columns } = block;
  columns.time.push(1n);
  columns.seconds.push(1);
  columns.milliseconds.push(1000);
  columns.cluster.push('c');
  columns.node.push('n');
  columns.component.push('probe');
  columns.counter.push('packets_seen');
  columns.value.push(1n);
  block.endRow();
}

describe('the writer', () => {
  let store: FakeStore;
  let writer: Writer;
  const create = (config: Partial<WriterConfig> = {}): Writer =>
    createWriter(
      { url: store.url, maxAgeMs: 20, ...config },
      { log: quiet, clock: { now: () => 42 }, random: () => 0 },
    );

  beforeEach(async () => {
    store = await startFakeStore();
  });
  afterEach(async () => {
    await writer.stop();
    await store.close();
  });

  it('sends a block when it is full and when it is old', async () => {
    writer = create({ maxRows: 2, maxAgeMs: 60 });
    writer.start(new AbortController().signal);
    for (let i = 0; i < 5; i += 1) appendFlow(writer);
    await expect.poll(() => writer.stats.batchesWritten).toBe(3);
    expect(writer.stats).toMatchObject({ rowsWritten: 5, pendingRows: 0, pendingBytes: 0, acknowledgedMs: 42 });
    expect(new Set(store.inserts.map(({ token }) => token)).size).toBe(3);
  });

  it('tries again with the same token until the store acknowledges', async () => {
    store.answers.push(
      { status: 503, error: 'Code: 202. DB::Exception: Too many. (TOO_MANY_SIMULTANEOUS_QUERIES)' },
      { status: 502, error: 'a proxy says no' },
    );
    writer = create();
    writer.start(new AbortController().signal);
    appendFlow(writer);
    await expect.poll(() => writer.stats.rowsWritten).toBe(1);
    expect(store.inserts).toHaveLength(3);
    expect(new Set(store.inserts.map(({ token }) => token)).size).toBe(1);
    expect(writer.stats.retries).toBe(2);
  });

  it('sends endpoints before the flows that refer to them', async () => {
    writer = create({ maxRows: 3 });
    writer.start(new AbortController().signal);
    for (let i = 0; i < 4; i += 1) appendFlow(writer, { src_pod: i < 3 ? 'first' : 'second' });
    await expect.poll(() => writer.stats.rowsWritten).toBe(4);
    expect(store.tables).toEqual(['endpoints', 'flows', 'flows']);
  });

  it('sends the first report at once, and lets later ones wait for each other', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      writer = create({ maxAgeMs: 1000 });
      writer.start(new AbortController().signal);
      const age = async (reports: number): Promise<void> => {
        appendCoverage(writer);
        vi.advanceTimersByTime(1000);
        await expect.poll(() => writer.stats.pendingRows).toBe(0);
        await expect.poll(() => store.tables).toEqual(Array.from({ length: reports }, () => 'coverage'));
      };
      await age(1);
      await age(1);
      await age(1);
      await age(2);
      expect(writer.stats.rowsWritten).toBe(4);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says when endpoints did not reach the store, so that they are written again', async () => {
    await store.close();
    writer = create({ maxRows: 1, maxPendingBytes: 6000 });
    writer.start(new AbortController().signal);
    expect(writer.endpointsEpoch).toBe(0);
    for (let i = 0; i < 20; i += 1) appendFlow(writer);
    expect(writer.endpointsEpoch).toBeGreaterThan(0);
  });

  it('skips a batch that the store cannot read, and goes on', async () => {
    store.answers.push({ status: 400, error: 'Code: 117. DB::Exception: Bad. (INCORRECT_DATA)' });
    writer = create();
    writer.start(new AbortController().signal);
    appendFlow(writer);
    await expect.poll(() => writer.stats.rowsRejected).toBe(1);
    appendFlow(writer);
    await expect.poll(() => writer.stats.rowsWritten).toBe(1);
    expect(store.inserts).toHaveLength(2);
  });

  it('gives up a batch that the store takes for a failure of its own, once those behind it get through', async () => {
    // The first batch fails for good, as one that needs more memory than the store has; all others are fine.
    let poisoned = '';
    store.refuse = (token) => {
      if (poisoned === '') poisoned = token;
      return token === poisoned ? 'Code: 241. DB::Exception: Memory. (MEMORY_LIMIT_EXCEEDED)' : null;
    };
    writer = create({ maxRows: 1, maxPauseMs: 10 });
    writer.start(new AbortController().signal);
    for (let i = 0; i < 6; i += 1) appendFlow(writer);
    await expect.poll(() => writer.stats.rowsWritten, { timeout: 5000 }).toBe(5);
    await expect.poll(() => writer.stats.rowsRejected).toBe(1);
  });

  it('gives up on an error that it does not know after a few attempts', async () => {
    for (let i = 0; i < 5; i += 1)
      store.answers.push({ status: 500, error: 'Code: 7777. DB::Exception: Odd. (ODD_ONE)' });
    writer = create();
    writer.start(new AbortController().signal);
    appendFlow(writer);
    await expect.poll(() => writer.stats.rowsRejected, { timeout: 5000 }).toBe(1);
    expect(store.inserts).toHaveLength(5);
  });

  it('rejects a row that misses a column without losing the next', async () => {
    writer = create();
    writer.start(new AbortController().signal);
    writer.flows().columns.id.push(1n);
    writer.flows().endRow();
    await expect.poll(() => writer.stats.rowsRejected).toBe(1);
    appendFlow(writer);
    await expect.poll(() => writer.stats.rowsWritten).toBe(1);
  });

  it('holds back its reader while too much is pending, and drops the oldest if rows come anyway', async () => {
    await store.close();
    writer = create({ maxRows: 1, maxPendingBytes: 10_000 });
    writer.start(new AbortController().signal);
    await writer.ready();
    for (let i = 0; i < 20; i += 1) appendFlow(writer);
    expect(writer.stats.pendingBytes).toBeLessThanOrEqual(10_000);
    const { rowsDropped, pendingRows } = writer.stats;
    expect(rowsDropped).toBeGreaterThan(0);
    expect(rowsDropped + pendingRows).toBe(19);
  });

  it('drops nothing of a reader that waits for room, even when it brings several batches at a time', async () => {
    await store.close();
    writer = create({ maxRows: 1, maxPendingBytes: 100_000 });
    writer.start(new AbortController().signal);
    const hasRoom = (): Promise<boolean> =>
      Promise.race([writer.ready().then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);
    for (let turn = 0; turn < 100 && (await hasRoom()); turn += 1) for (let i = 0; i < 4; i += 1) appendFlow(writer);
    expect(writer.stats.rowsDropped).toBe(0);
    expect(writer.stats.pendingRows).toBeGreaterThan(4);
  });

  it('lets a held-back reader go on as soon as the disk has taken what filled the memory', async () => {
    await store.close();
    const directory = mkdtempSync(join(tmpdir(), 'palomar-writer-'));
    const spill = openSpill({ directory, maxBytes: 2 ** 30 });
    if (!spill.ok) throw new Error(spill.error);
    writer = create({ maxRows: 1, maxPendingBytes: 50_000, spill: spill.value });
    writer.start(new AbortController().signal);
    let heldBack = 0;
    for (let row = 0; row < 200; row += 1) {
      const hasRoom = writer.stats.pendingBytes < 25_000;
      if (!hasRoom) heldBack += 1;
      await writer.ready();
      appendFlow(writer);
    }
    expect(heldBack).toBeGreaterThan(0);
    expect(writer.stats).toMatchObject({ rowsDropped: 0, spillRowsDropped: 0 });
    await writer.stop();
    expect(writer.stats.rowsDropped).toBe(0);
    expect(spill.value.rows).toBeGreaterThanOrEqual(200);
    rmSync(directory, { recursive: true });
  });

  it('skips a file that another process left and that cannot be read, counts its rows, and sends the others', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'palomar-writer-'));
    const open = (): Spill => {
      const opened = openSpill({ directory, maxBytes: 2 ** 30 });
      if (!opened.ok) throw new Error(opened.error);
      return opened.value;
    };
    const { url } = store;
    writer = createWriter(
      { url: 'http://default:pw@127.0.0.1:9/palomar', maxRows: 1, spill: open() },
      { log: quiet, clock: Date },
    );
    writer.start(new AbortController().signal);
    for (let row = 0; row < 3; row += 1) appendFlow(writer);
    await writer.stop();
    const [, second = ''] = readdirSync(directory).filter((name) =>
      readFileSync(join(directory, name), 'latin1').includes('"table":"flows"'),
    );
    const path = join(directory, second);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, bytes.length - 40));
    writer = createWriter({ url, spill: open() }, { log: quiet, clock: Date });
    writer.start(new AbortController().signal);
    await expect.poll(() => writer.stats.pendingRows).toBe(0);
    expect(writer.stats).toMatchObject({ rowsWritten: 2, spillRowsUnreadable: 1 });
    expect(store.tables.filter((table) => table === 'flows')).toHaveLength(2);
    await writer.stop();
    rmSync(directory, { recursive: true });
  });

  it('tells how the node stands ahead of everything that waits', async () => {
    writer = create({ maxRows: 1 });
    let isAway = true;
    store.refuse = () => (isAway ? 'Code: 202. DB::Exception: Busy. (TOO_MANY_SIMULTANEOUS_QUERIES)' : null);
    writer.start(new AbortController().signal);
    for (let row = 0; row < 5; row += 1) appendFlow(writer);
    await expect.poll(() => store.inserts.length).toBeGreaterThan(1);
    appendRow(statusColumns, writer.status(), { time: 1n, node: 'n' });
    // It leaves the block at an age, while flows still wait.
    await expect.poll(() => writer.status().rows).toBe(0);
    store.tables.length = 0;
    isAway = false;
    await expect.poll(() => writer.stats.rowsWritten).toBe(5);
    const [first, second] = store.tables;
    expect([first, second]).toEqual(['flows', 'node_status']);
  });

  it('sends what it has when it stops', async () => {
    writer = create({ maxAgeMs: 60_000 });
    writer.start(new AbortController().signal);
    appendFlow(writer);
    await writer.stop();
    expect(writer.stats).toMatchObject({ rowsWritten: 1, rowsDropped: 0 });
  });

  it('stops in time without a store, and counts what is lost', async () => {
    await store.close();
    writer = create();
    writer.start(new AbortController().signal);
    appendFlow(writer);
    const start = performance.now();
    await writer.stop();
    expect(performance.now() - start).toBeLessThan(3500);
    expect(writer.stats).toMatchObject({ rowsWritten: 0, rowsDropped: 1, pendingRows: 0 });
  });
});
