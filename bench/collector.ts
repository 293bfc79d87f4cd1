/**
 * `npm run bench:collector`: what a row costs the collector. Plays a recording from memory through frame parser and
 * pipeline into a block that is encoded and thrown away, beside the frame parser alone. Prints; judges nothing.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createCounters } from '../collector/counters.ts';
import { createFrameParser, type Frame } from '../collector/decode/frame-parser.ts';
import { walkRecords } from '../collector/decode/records.ts';
import { frameType } from '../collector/decode/wire.ts';
import { createIdentity } from '../collector/identity/identity.ts';
import { createPipeline } from '../collector/pipeline.ts';
import { createBlock, type Block, type Schema } from '../db/native/block.ts';
import { coverageColumns, endpointColumns, flowColumns } from '../model/flow-columns.ts';
import { formatTable } from './table.ts';

const batchRows = 10_000;
const rounds = 7;
const fewestRounds = 3;
const warmUpMs = 2000;
const roundMs = 4000;
const withinMs = 45_000;
const mebibyte = 2 ** 20;

const argumentsSchema = z.object({ recording: z.string() });

interface Sink {
  flows(): Block<typeof flowColumns>;
  endpoints(): Block<typeof endpointColumns>;
  readonly endpointsEpoch: number;
  coverage(): Block<typeof coverageColumns>;
}

/** A block that is encoded when it is full, as the writer does, and then forgotten. */
function discarding<S extends Schema>(schema: S): () => Block<S> {
  const block = createBlock(schema, batchRows);
  return () => {
    if (block.rows >= batchRows) {
      block.encode();
      block.reset();
    }
    return block;
  };
}

function parse(bytes: Buffer, onFrame: (frame: Frame) => void): void {
  const parsed = createFrameParser().push(bytes, onFrame);
  if (!parsed.ok) throw new Error(`the recording is damaged at byte ${parsed.error.offset}: ${parsed.error.message}`);
}

function countRecords(bytes: Buffer): number {
  let records = 0;
  parse(bytes, ({ type, payload }) => {
    if (type === frameType.events) walkRecords(payload, () => (records += 1));
  });
  return records;
}

/** One collector's life, from the probe's greeting to the last row: the next play knows nothing of it. */
function play(bytes: Buffer, sink: Sink): { readonly rows: number; readonly kubernetesMs: number } {
  const identity = createIdentity({ node: 'bench', namesLimit: 100_000, namesKeepNs: 3600e9 });
  let kubernetesMs = 0;
  let wallMs = 0;
  const pipeline = createPipeline(
    { cluster: 'bench', node: 'bench', source: 'recording', shiftNs: 0n, firstRowId: 1n },
    {
      identity,
      counters: createCounters(),
      writer: sink,
      onVerdict: () => undefined,
      onHello: () => undefined,
      onGoodbye: () => undefined,
      onRecordedChange: (change) => void identity.applyKubernetes(change, wallMs),
    },
  );
  parse(bytes, (frame) => {
    if (frame.type !== frameType.recordedKubernetes) {
      pipeline.frame(frame);
      return;
    }
    wallMs = Number((BigInt(frame.monoNs) + frame.realOffsetNs) / 1_000_000n);
    const start = performance.now();
    pipeline.frame(frame);
    kubernetesMs += performance.now() - start;
  });
  pipeline.flush(true);
  return { rows: pipeline.rows, kubernetesMs };
}

interface Spent {
  readonly plays: number;
  readonly wallMs: number;
  readonly cpuUs: number;
}

/** Wall time and CPU of the whole process, garbage collection included. */
function spend(plays: number, work: () => void): Spent {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let at = 0; at < plays; at += 1) work();
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { plays, wallMs, cpuUs: user + system };
}

/** How often `work` has to be done to fill a round. */
function playsFor(work: () => void, forMs: number): number {
  const start = performance.now();
  let plays = 0;
  while (performance.now() - start < warmUpMs / 2) {
    work();
    plays += 1;
  }
  return Math.max(1, Math.round((plays * forMs) / (performance.now() - start)));
}

function main(): void {
  const { values } = parseArgs({ options: { recording: { type: 'string' } } });
  const { recording } = argumentsSchema.parse(values);
  const bytes = readFileSync(recording);
  const records = countRecords(bytes);
  const sink: Sink = {
    flows: discarding(flowColumns),
    endpoints: discarding(endpointColumns),
    endpointsEpoch: 0,
    coverage: discarding(coverageColumns),
  };
  const { rows } = play(bytes, sink);

  let frames = 0;
  const parserOnly = (): void => parse(bytes, () => (frames += 1));
  let kubernetesMs = 0;
  const whole = (): void => {
    kubernetesMs += play(bytes, sink).kubernetesMs;
  };
  const parserPlays = playsFor(parserOnly, roundMs / 4);
  const pipelinePlays = playsFor(whole, roundMs);
  const parser: Spent[] = [];
  const pipeline: Spent[] = [];
  const kubernetesShare: number[] = [];
  const grownMib: number[] = [];
  const deadline = performance.now() + withinMs;
  const rssBefore = process.memoryUsage.rss();
  for (let round = 0; round < rounds && (round < fewestRounds || performance.now() < deadline); round += 1) {
    parser.push(spend(parserPlays, parserOnly));
    kubernetesMs = 0;
    const spent = spend(pipelinePlays, whole);
    pipeline.push(spent);
    kubernetesShare.push((100 * kubernetesMs) / spent.wallMs);
    grownMib.push((process.memoryUsage.rss() - rssBefore) / mebibyte);
  }

  const perSecond = (spent: readonly Spent[], each: number): number[] =>
    spent.map(({ plays, wallMs }) => (plays * each * 1000) / wallMs);
  const cpuPer = (spent: readonly Spent[], each: number): number[] =>
    spent.map(({ plays, cpuUs }) => cpuUs / (plays * each));
  const size = (bytes.length / mebibyte).toFixed(2);
  console.log(`${size} MiB, ${records} records, ${rows} rows; played ${pipelinePlays} times a run\n`);
  console.log(
    formatTable([
      { name: 'frame parser alone (baseline)', unit: 'records/s', values: perSecond(parser, records) },
      {
        name: 'parser and pipeline',
        unit: 'records/s',
        values: perSecond(pipeline, records),
        baseline: perSecond(parser, records),
      },
      { name: 'parser and pipeline', unit: 'rows/s', values: perSecond(pipeline, rows) },
      { name: 'frame parser alone (baseline)', unit: 'us CPU/row', values: cpuPer(parser, rows) },
      {
        name: 'parser and pipeline',
        unit: 'us CPU/row',
        values: cpuPer(pipeline, rows),
        baseline: cpuPer(parser, rows),
      },
      { name: 'of it reading Kubernetes objects', unit: '% of time', values: kubernetesShare },
      { name: 'RSS above that before the first run', unit: 'MiB', values: grownMib },
    ]),
  );
}

main();
