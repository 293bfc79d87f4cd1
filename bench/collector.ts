/**
 * `npm run bench:collector`: what a row costs the collector. Plays a recording, and frames of a busy node made up for the
 * purpose, from memory through frame parser and pipeline into blocks that are encoded and thrown away, beside the frame
 * parser alone; then ships into an embedded store, which forgets the rows or keeps them. Prints; judges nothing.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createStoreClient } from '../db/client.ts';
import { createProbeTraffic } from './generate-frames.ts';
import { createNullStore } from './inserts.ts';
import { countRecords, createDiscardingSink, createPlayer, parse, type Sink } from './play.ts';
import { ship, type Shipped } from './ship.ts';
import { startStore } from './store-process.ts';
import { formatTable, type Measure } from './table.ts';

const rounds = 7;
const fewestRounds = 3;
const warmUpMs = 1500;
const roundMs = 1500;
const withinMs = 8000;
const shipRounds = 3;
const shipMs = 3000;
const conversations = 20_000;
/** Of a node where few connections carry many requests: all but a few rows are exchanges. */
const busyConversations = 200;
const busyRequests = 25_000;
const scans = 6;
const bootNs = 3600e9;
const realOffsetNs = 1_795_000_000_000_000_000n;
const mebibyte = 2 ** 20;

const argumentsSchema = z.object({
  recording: z.string(),
  store: z.string(),
  seconds: z.coerce.number().int().min(1).max(600),
});
const countSchema = z.tuple([z.object({ rows: z.coerce.number() })]);

interface Input {
  readonly name: string;
  readonly bytes: Buffer;
  readonly records: number;
  readonly rows: number;
  readonly requests: number;
}

type Plan = Partial<Parameters<typeof createProbeTraffic>[0]>;

function generated(plan: Plan): { readonly bytes: Buffer; readonly requests: number } {
  const traffic = createProbeTraffic({ seed: 1, conversations, realOffsetNs, hasHttp: true, ...plan });
  const parts = [traffic.greeting(bootNs)];
  for (let scan = 1; scan <= scans; scan += 1) parts.push(Buffer.from(traffic.scan(bootNs + scan * 1e9)));
  return { bytes: Buffer.concat(parts), requests: traffic.requests * scans };
}

function play(bytes: Buffer, sink: Sink): { readonly rows: number; readonly kubernetesMs: number } {
  const player = createPlayer(sink);
  parse(bytes, (frame) => player.frame(frame));
  player.pipeline.flush(true);
  return { rows: player.pipeline.rows, kubernetesMs: player.kubernetesMs };
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
  while (performance.now() - start < warmUpMs) {
    work();
    plays += 1;
  }
  return Math.max(1, Math.round((plays * forMs) / (performance.now() - start)));
}

function perSecond(spent: readonly Spent[], each: number): number[] {
  return spent.map(({ plays, wallMs }) => (plays * each * 1000) / wallMs);
}

function cpuPer(spent: readonly Spent[], each: number): number[] {
  return spent.map(({ plays, cpuUs }) => cpuUs / (plays * each));
}

/** Interleaved rounds of the parser alone and of the whole collector. */
function measure(input: Input, sink: Sink, bare: Input | null): readonly Measure[] {
  const { bytes, records, rows } = input;
  let frames = 0;
  const parserOnly = (): void => parse(bytes, () => (frames += 1));
  let kubernetesMs = 0;
  const whole = (): void => {
    kubernetesMs += play(bytes, sink).kubernetesMs;
  };
  const withoutHttp = (): void => {
    if (bare !== null) play(bare.bytes, sink);
  };
  const parserPlays = playsFor(parserOnly, roundMs / 4);
  const pipelinePlays = playsFor(whole, roundMs);
  const parser: Spent[] = [];
  const pipeline: Spent[] = [];
  const flowsOnly: Spent[] = [];
  const kubernetesShare: number[] = [];
  const deadline = performance.now() + withinMs;
  for (let round = 0; round < rounds && (round < fewestRounds || performance.now() < deadline); round += 1) {
    parser.push(spend(parserPlays, parserOnly));
    kubernetesMs = 0;
    const spent = spend(pipelinePlays, whole);
    pipeline.push(spent);
    kubernetesShare.push((100 * kubernetesMs) / spent.wallMs);
    if (bare !== null) flowsOnly.push(spend(pipelinePlays, withoutHttp));
  }
  const baseline = perSecond(parser, records);
  const measures: Measure[] = [
    { name: 'frame parser alone (baseline)', unit: 'records/s', values: baseline },
    { name: 'whole collector', unit: 'records/s', values: perSecond(pipeline, records), baseline },
    { name: 'rows into encoded blocks', unit: 'rows/s', values: perSecond(pipeline, rows) },
    { name: 'frame parser alone (baseline)', unit: 'us CPU/row', values: cpuPer(parser, rows) },
    { name: 'whole collector', unit: 'us CPU/row', values: cpuPer(pipeline, rows), baseline: cpuPer(parser, rows) },
    { name: 'of it reading Kubernetes objects', unit: '% of time', values: kubernetesShare },
  ];
  if (bare === null) return measures;
  const flows = cpuPer(flowsOnly, 1);
  const extra = cpuPer(pipeline, 1).map((us, round) => (us - (flows[round] ?? NaN)) / input.requests);
  return [
    ...measures,
    { name: 'whole collector, no HTTP in it', unit: 'us CPU/row', values: cpuPer(flowsOnly, bare.rows) },
    // Microseconds a request, times 10,000 requests a second, in hundredths of a second of CPU.
    { name: '10,000 HTTP requests/s', unit: '% of a core', values: extra },
  ];
}

async function countFlows(url: string): Promise<number> {
  const client = createStoreClient(url);
  const answer = await client.query({ query: 'SELECT count() AS rows FROM flows', format: 'JSONEachRow' });
  const [{ rows }] = countSchema.parse(await answer.json());
  await client.close();
  return rows;
}

function shippedRates(name: string, runs: readonly Shipped[], baseline?: readonly number[]): readonly Measure[] {
  const rates = runs.map(({ rows, seconds }) => rows / seconds);
  return [
    { name, unit: 'rows/s', values: rates, ...(baseline === undefined ? {} : { baseline }) },
    {
      name: `${name}: this process`,
      unit: 'us CPU/row',
      values: runs.map(({ rows, cpuSeconds }) => (cpuSeconds * 1e6) / rows),
    },
    {
      name: `${name}: of it making the frames`,
      unit: 'us/row',
      values: runs.map(({ rows, generatingSeconds }) => (generatingSeconds * 1e6) / rows),
    },
    { name: `${name}: lost`, unit: 'rows', values: runs.map(({ lost }) => lost) },
    { name: `${name}: RSS of collector and frames`, unit: 'MiB', values: runs.flatMap(({ rssMib }) => rssMib) },
  ];
}

async function measureShipping(entry: string, seconds: number): Promise<readonly Measure[]> {
  const store = await startStore(entry);
  try {
    const url = await createNullStore(store.url);
    const traffic = () =>
      createProbeTraffic({
        seed: 2,
        conversations,
        realOffsetNs: BigInt(Date.now()) * 1_000_000n - BigInt(bootNs),
        hasHttp: true,
      });
    await ship(url, traffic(), shipMs / 2);
    const forgotten: Shipped[] = [];
    for (let round = 0; round < shipRounds; round += 1) forgotten.push(await ship(url, traffic(), shipMs));
    const kept = await ship(store.url, traffic(), seconds * 1000);
    const stored = await countFlows(store.url);
    const missing = kept.rows - stored;
    console.log(`kept for ${seconds} s: ${kept.rows} rows written, ${stored} counted in the store, ${missing} missing`);
    console.log(`RSS over that time, MiB: ${kept.rssMib.map((mib) => Math.round(mib)).join(' ')}\n`);
    return [...shippedRates('Null table', forgotten), ...shippedRates('real schema', [kept])];
  } finally {
    await store.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      recording: { type: 'string' },
      store: { type: 'string' },
      seconds: { type: 'string', default: '15' },
    },
  });
  const { recording, store, seconds } = argumentsSchema.parse(values);
  const sink = createDiscardingSink();
  const input = (name: string, bytes: Buffer, requests: number): Input => ({
    name,
    bytes,
    requests,
    records: countRecords(bytes),
    rows: play(bytes, sink).rows,
  });
  const withHttp = generated({});
  const bare = input('generated without HTTP', generated({ hasHttp: false }).bytes, 0);
  const busy = generated({ conversations: busyConversations, requests: busyRequests });
  const inputs = [
    input('recorded', readFileSync(recording), 0),
    input('generated', withHttp.bytes, withHttp.requests),
    input(`${busyRequests} requests/s on ${busyConversations} connections`, busy.bytes, 0),
  ];
  for (const one of inputs) {
    const size = (one.bytes.length / mebibyte).toFixed(2);
    console.log(`${one.name}: ${size} MiB, ${one.records} records, ${one.rows} rows\n`);
    console.log(`${formatTable(measure(one, sink, one.requests > 0 ? bare : null))}\n`);
  }
  console.log(formatTable(await measureShipping(store, seconds)));
}

// The temporary store goes with the process, however it ends.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
await main();
