/** The probe in the ground's host namespace, and everything it says of drops: its own records, and the rows made of them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createCounters } from '../../collector/counters.ts';
import { formatAddress } from '../../collector/decode/address.ts';
import { readText, readWide } from '../../collector/decode/bytes.ts';
import { createFrameParser, type Frame } from '../../collector/decode/frame-parser.ts';
import type { ReasonTotal } from '../../collector/decode/reason-totals.ts';
import { readHello, readSymbol, walkRecords } from '../../collector/decode/records.ts';
import { dropRecord, flowKey, frameType, recordType } from '../../collector/decode/wire.ts';
import { createIdentity } from '../../collector/identity/identity.ts';
import { createPipeline } from '../../collector/pipeline.ts';
import { keepRows, type Row } from '../../collector/sink/rows.fixture.ts';
import { places } from './ground.ts';

/** A drop as the probe told it. */
export interface KernelDrop {
  readonly reason: string;
  readonly location: string;
  readonly netns: number;
  readonly device: string;
  readonly routeError: number;
  readonly packets: number;
  readonly sender: string;
  readonly ports: readonly [number, number];
  readonly protocol: number;
}

export interface Watch {
  readonly drops: readonly KernelDrop[];
  /** Names of the running kernel's drop reasons. */
  readonly reasons: ReadonlySet<string>;
  /** Rows of the `flows` table. */
  readonly rows: readonly Row[];
  /** Makes rows of what has come so far. */
  flush(): void;
  stat(name: string): number;
  /** What became of all drops of that reason so far. */
  total(reason: string): ReasonTotal;
  /** Resolves when two more reports of all counters have come: what happened before is in them. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const probeProgram = new URL('../../bpf/build/palomar-probe', import.meta.url).pathname;

function readDrop(
  bytes: Buffer,
  at: number,
  reasons: ReadonlyMap<number, string>,
  symbols: ReadonlyMap<bigint, string>,
): KernelDrop {
  const key = at + dropRecord.key;
  const sender = bytes[at + dropRecord.sender] === 1 ? flowKey.addr_b : flowKey.addr_a;
  const reason = bytes.readUInt32LE(at + dropRecord.reason);
  return {
    reason: reasons.get(reason) ?? `REASON_${reason}`,
    location: symbols.get(bytes.readBigUInt64LE(at + dropRecord.location)) ?? '',
    netns: bytes.readUInt32LE(at + dropRecord.netns_inum),
    device: readText(bytes, at + dropRecord.device, 16),
    routeError: bytes.readUInt32LE(at + dropRecord.route_error),
    packets: readWide(bytes, at + dropRecord.packets),
    sender: formatAddress(bytes.toString('latin1', key + sender, key + sender + 16)),
    ports: [bytes.readUInt16LE(key + flowKey.port_a), bytes.readUInt16LE(key + flowKey.port_b)],
    protocol: bytes[key + flowKey.protocol] ?? 0,
  };
}

async function connect(path: string, probe: ChildProcess): Promise<Socket> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = createConnection({ path });
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      if (probe.exitCode !== null) throw new Error(`the probe ended with ${probe.exitCode}`);
      await sleep(100);
    }
  }
  throw new Error('the probe does not listen');
}

export async function startWatch(flags: readonly string[] = [], { makesRows = true } = {}): Promise<Watch> {
  const folder = await mkdtemp(join(tmpdir(), 'palomar-drops-'));
  const path = join(folder, 'socket');
  const probe = spawn(
    'ip',
    ['netns', 'exec', places.host, probeProgram, '--socket', path, '--scan-interval-ms', '200', ...flags],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const kept = keepRows();
  const drops: KernelDrop[] = [];
  const symbols = new Map<bigint, string>();
  let reasons: ReadonlyMap<number, string> = new Map();
  let statsFrames = 0;
  const pipeline = createPipeline(
    { cluster: 'drops', node: 'drops', source: 'probe', shiftNs: 0n, firstRowId: 1n },
    {
      identity: createIdentity({ node: 'drops', namesLimit: 100, namesKeepNs: 1e9 }),
      counters: createCounters(),
      writer: kept,
      onVerdict: () => undefined,
      onHello: (hello) => void (reasons = hello.reasons),
      onGoodbye: () => undefined,
      onRecordedChange: () => undefined,
    },
  );
  const onFrame = (frame: Frame): void => {
    if (makesRows || frame.type !== frameType.events) pipeline.frame(frame);
    if (frame.type === frameType.stats) statsFrames += 1;
    if (frame.type === frameType.hello) reasons = readHello(frame.payload)?.reasons ?? reasons;
    if (frame.type !== frameType.events) return;
    walkRecords(frame.payload, (type, at) => {
      if (type === recordType.drop) drops.push(readDrop(frame.payload, at, reasons, symbols));
      if (type !== recordType.symbol) return;
      const symbol = readSymbol(frame.payload, at);
      symbols.set(symbol.address, symbol.name);
    });
  };
  const parser = createFrameParser();
  const socket = await connect(path, probe);
  socket.on('data', (chunk: Buffer) => {
    const parsed = parser.push(chunk, onFrame);
    if (!parsed.ok) socket.destroy(new Error(parsed.error.message));
  });
  const ended = once(socket, 'close');

  return {
    drops,
    get reasons() {
      return new Set(reasons.values());
    },
    rows: kept.flowRows,
    flush: () => pipeline.flush(true),
    stat: (name) => pipeline.probeStats.get(name) ?? 0,
    total: (reason) => pipeline.reasonTotals.get(reason) ?? { recorded: 0, filtered: 0, lost: 0, unparsed: 0 },
    async settled() {
      const until = statsFrames + 2;
      while (statsFrames < until) await sleep(50);
    },
    async stop() {
      probe.kill('SIGTERM');
      await ended;
      pipeline.flush(true);
      await rm(folder, { recursive: true });
    },
  };
}
