import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Writer, WriterStats } from '../db/writer.ts';
import { createCollector, type CaptureSource, type Collector } from './collector.ts';
import { createCounters, type Counters } from './counters.ts';
import { createFrames, flow, networkInterface, payload, bootedNs, second } from './decode/frames.fixture.ts';
import { frameHeader, frameType, l7Copy, l7Verdict } from './decode/wire.ts';
import { createIdentity, type Identity } from './identity/identity.ts';
import type { Log } from './log.ts';
import { keepRows, type KeptRows, type Row } from './sink/rows.fixture.ts';
import { startFakeProbe } from './source/fake-probe.fixture.ts';
import { createRecorder } from './source/recorder.ts';
import { checkRecording } from './source/recording.ts';
import { captureModes } from '../model/status-columns.ts';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const pods = [
  {
    metadata: { name: 'client-0', namespace: 'shop', ownerReferences: [{ kind: 'StatefulSet', name: 'client' }] },
    status: { podIP: '10.0.0.1' },
  },
  {
    metadata: { name: 'api-0', namespace: 'shop', ownerReferences: [{ kind: 'StatefulSet', name: 'api' }] },
    status: { podIP: '10.0.0.2' },
  },
];

let folder: string;
let running: Collector[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palomar-collector-'));
});
afterEach(async () => {
  await Promise.all(running.map((collector) => collector.stop()));
  running = [];
  await rm(folder, { recursive: true });
});

interface Started extends KeptRows {
  readonly collector: Collector;
  readonly counters: Counters;
  readonly identity: Identity;
  /** What the writer says of itself. */
  readonly stats: { -readonly [K in keyof WriterStats]: WriterStats[K] };
}

function start(capture: CaptureSource, recordTo?: string): Started {
  const kept = keepRows();
  const stats: Started['stats'] = {
    rowsWritten: 0,
    rowsDropped: 0,
    rowsRejected: 0,
    spillRowsDropped: 0,
    spillRowsUnreadable: 0,
    batchesWritten: 0,
    retries: 0,
    pendingRows: 0,
    pendingBytes: 0,
    acknowledgedMs: null,
    spill: null,
    store: 'ok',
  };
  const writer: Writer = {
    ...kept,
    start: () => undefined,
    stop: () => Promise.resolve(),
    ready: () => Promise.resolve(),
    stats,
  };
  const counters = createCounters();
  const identity = createIdentity({ node: 'n', namesLimit: 100, namesKeepNs: 3600 * second });
  const recorder =
    recordTo === undefined
      ? null
      : createRecorder(recordTo, { snapshot: () => identity.kubernetes.snapshot(), log: silent });
  const collector = createCollector(
    { cluster: 'c', node: 'n', capture, missing: ['tcx: kernel too old'] },
    {
      identity,
      counters,
      writer,
      kubernetes: null,
      recorder,
      log: silent,
      clock: { now: () => Date.now() },
      random: () => 0.5,
    },
  );
  running.push(collector);
  return { ...kept, collector, counters, identity, stats };
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('waited for 10 s in vain');
    await sleep(10);
  }
}

function scanOf(frames: ReturnType<typeof createFrames>, at: number): Buffer {
  const dst = { ifindex: 4, ingress: [0, 1] } as const;
  return Buffer.concat([
    frames.events([payload({ payload: 'GET /a HTTP/1.1\r\nHost: api\r\n\r\n' })], bootedNs),
    frames.events([payload({ payload: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', sender: 1 })], bootedNs),
    frames.events([flow({ ifindex: 3 }), flow(dst)], bootedNs + at * second),
    frames.stats({ packets_seen: 8 }, bootedNs + (at + 0.2) * second),
  ]);
}

const interfaces = [
  networkInterface({ ifindex: 3, peerNetns: 101 }),
  networkInterface({ ifindex: 4, name: 'veth1', peerNetns: 102 }),
];

/** What must be the same in a replay. */
function story(rows: readonly Row[]): Row[] {
  return rows.map((row) => ({ ...row, id: 0, time: 0, source: 0 }));
}

describe('the collector with a probe', () => {
  it('tells each way of losing rows in the coverage, and what waits on disk in its status', async () => {
    const probe = await startFakeProbe(join(folder, 'losing'), () => createFrames().hello());
    const { collector, counters, coverageRows, statusRows, stats } = start({ kind: 'probe', socketPath: probe.path });
    collector.start(new AbortController().signal);
    await probe.connected(1);
    const frames = createFrames();
    frames.hello();
    probe.send(frames.stats({ packets_seen: 1 }, bootedNs + second));
    await until(() => coverageRows.length > 0);
    Object.assign(stats, { rowsDropped: 1, rowsRejected: 2, spillRowsDropped: 3, spillRowsUnreadable: 4 });
    stats.spill = { rows: 50, bytes: 6000, maxBytes: 7000, problem: 'ENOSPC: no space left' };
    await until(() => counters.read('spill_rows_unreadable') === 4);
    probe.send(frames.stats({ packets_seen: 1 }, bootedNs + 2 * second));
    await until(() => coverageRows.some(({ counter }) => counter === 'spill_rows_unreadable'));
    const told = coverageRows.filter(({ counter }) => String(counter).includes('rows_'));
    expect(Object.fromEntries(told.map(({ counter, value }) => [counter, value]))).toEqual({
      rows_dropped: 1n,
      rows_rejected: 2n,
      spill_rows_dropped: 3n,
      spill_rows_unreadable: 4n,
    });
    probe.hangUp();
    await until(() => statusRows.at(-1)?.['spill_rows'] === 50n);
    await collector.stop();
    await probe.stop();
    expect(statusRows.at(-1)).toMatchObject({ spill_bytes: 6000n, spill_problem: 'ENOSPC: no space left' });
  });

  it('reads, answers with verdicts, connects again when the probe comes back, and tells its state', async () => {
    const probe = await startFakeProbe(join(folder, 'probe'), () => createFrames().hello(['missing=iter: no BTF']));
    const { collector, flowRows, statusRows } = start({ kind: 'probe', socketPath: probe.path });
    collector.start(new AbortController().signal);
    await probe.connected(1);
    const frames = createFrames();
    frames.hello();
    probe.send(frames.events(interfaces));
    probe.send(scanOf(frames, 1));
    await until(() => flowRows.length === 2);
    await until(() => Buffer.concat(probe.received).length > 0);
    const sent = Buffer.concat(probe.received);
    expect(sent.readUInt16LE(frameHeader.type)).toBe(frameType.l7Verdict);
    expect(sent.readUInt32LE(frameHeader.size + l7Verdict.copy)).toBe(l7Copy.all);

    expect(collector.mode).toBe('live');
    await until(() => captureModes[Number(statusRows.at(-1)?.['mode'])] === 'live');
    expect(statusRows.at(-1)).toMatchObject({ detail: '', missing: ['tcx: kernel too old', 'iter: no BTF'] });
    probe.hangUp();
    await until(() => captureModes[Number(statusRows.at(-1)?.['mode'])] === 'off');
    expect(statusRows.at(-1)?.['detail']).toBe(`No probe answers on ${probe.path}.`);
    await probe.connected(2);
    await until(() => collector.mode === 'live');
    await collector.stop();
    await probe.stop();
  });

  it('hangs up on a stream that breaks, counts it, and starts over', async () => {
    const probe = await startFakeProbe(join(folder, 'probe'), () => createFrames().hello());
    const { collector, counters } = start({ kind: 'probe', socketPath: probe.path });
    collector.start(new AbortController().signal);
    await probe.connected(1);
    probe.send(Buffer.alloc(64));
    await probe.connected(2);
    expect(counters.read('streams_broken')).toBe(1);
    await collector.stop();
    await probe.stop();
  });

  it('counts frames that did not come', async () => {
    const probe = await startFakeProbe(join(folder, 'probe'), () => createFrames().hello());
    const { collector, counters } = start({ kind: 'probe', socketPath: probe.path });
    collector.start(new AbortController().signal);
    await probe.connected(1);
    const frames = createFrames();
    for (let lost = 0; lost < 4; lost += 1) frames.hello();
    probe.send(frames.stats({}));
    await until(() => counters.read('frames_missing') === 3);
    await collector.stop();
    await probe.stop();
  });
});

describe('a recording', () => {
  it('plays to the same rows, with the same names, as if its last frame came now', async () => {
    const path = join(folder, 'recording');
    const probe = await startFakeProbe(join(folder, 'probe'), () => createFrames().hello());
    const live = start({ kind: 'probe', socketPath: probe.path }, path);
    live.collector.onKubernetes({ resource: 'pods', event: 'list', objects: pods.slice(0, 1) });
    live.collector.start(new AbortController().signal);
    await probe.connected(1);
    const frames = createFrames();
    frames.hello();
    probe.send(frames.events(interfaces));
    await until(() => live.identity.interfaces.list().length === 2);
    live.collector.onKubernetes({ resource: 'pods', event: 'put', objects: pods.slice(1) });
    probe.send(scanOf(frames, 1));
    await until(() => live.flowRows.length === 2);
    await live.collector.stop();
    await probe.stop();
    expect(live.flowRows[1]).toMatchObject({ src_workload: 'client', dst_workload: 'api' });
    expect((await stat(path)).mode & 0o777).toBe(0o600);

    const checked = await checkRecording(path);
    if (!checked.ok) throw new Error(checked.error.message);
    const before = Date.now();
    const replay = start({ kind: 'recording', path, lastRealNs: checked.value.lastRealNs });
    replay.collector.start(new AbortController().signal);
    expect(await replay.collector.played).toMatchObject({ ok: true });
    expect(story(replay.flowRows)).toEqual(story(live.flowRows));
    const latest = Number(replay.coverageRows.at(-1)?.['time']) / 1e6;
    expect(latest).toBeGreaterThan(before - 1000);
    expect(latest).toBeLessThan(Date.now() + 1000);
    expect(replay.collector.mode).toBe('recording');
  });

  it('that is damaged says at which byte', async () => {
    const frames = createFrames();
    const good = frames.hello();
    const path = join(folder, 'recording');
    await writeFile(path, Buffer.concat([good, frames.stats({}).subarray(0, 40)]));
    expect(await checkRecording(path)).toMatchObject({ ok: false, error: { offset: good.length } });
    await writeFile(path, Buffer.concat([good, Buffer.alloc(100, 1)]));
    expect(await checkRecording(path)).toMatchObject({ ok: false, error: { offset: good.length } });
    await writeFile(path, createFrames().stats({}));
    expect(await checkRecording(path)).toMatchObject({ ok: false, error: { offset: 0 } });
  });
});
