/**
 * What the recording and the made-up traffic become, row for row: whoever makes the collector faster must not change a
 * value. A change that is meant shows as the columns that differ; `vitest -u` takes it in.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { keepRows, type Row } from '../collector/sink/rows.fixture.ts';
import { createProbeTraffic } from './generate-frames.ts';
import { createPlayer, parse } from './play.ts';

const recording = new URL('../e2e/lab/recording.plr', import.meta.url);
const bootNs = 3600e9;

function text(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}

/** Of the lines whatever their order. */
function digest(lines: readonly string[]): string {
  return createHash('sha256')
    .update([...lines].sort().join('\n'))
    .digest('hex')
    .slice(0, 16);
}

/** Row ids follow from the order of rows, which says nothing: they are counted, and told apart from each other. */
function summary(rows: readonly Row[]) {
  const columns = Object.keys(rows[0] ?? {}).filter((name) => name !== 'id');
  return {
    rows: rows.length,
    ids: new Set(rows.map(({ id }) => id)).size,
    whole: digest(rows.map((row) => text(columns.map((name) => row[name])))),
    columns: Object.fromEntries(columns.map((name) => [name, digest(rows.map((row) => text(row[name])))])),
  };
}

function played(bytes: Buffer) {
  const kept = keepRows();
  const player = createPlayer(kept);
  parse(bytes, (frame) => player.frame(frame));
  player.pipeline.flush(true);
  return {
    flows: summary(kept.flowRows),
    endpoints: summary(kept.endpointRows),
    counters: Object.fromEntries(player.counters.entries()),
  };
}

function madeUp(conversations: number, requests?: number): Buffer {
  const plan = requests === undefined ? {} : { requests };
  const traffic = createProbeTraffic({ seed: 3, conversations, realOffsetNs: 0n, hasHttp: true, ...plan });
  const parts = [traffic.greeting(bootNs)];
  for (let scan = 1; scan <= 4; scan += 1) parts.push(Buffer.from(traffic.scan(bootNs + scan * 1e9)));
  return Buffer.concat(parts);
}

it('makes the same rows of the recording', () => {
  expect(played(readFileSync(recording))).toMatchSnapshot();
});

it('makes the same rows of many conversations with few requests each', () => {
  expect(played(madeUp(400))).toMatchSnapshot();
});

it('makes the same rows of few conversations with many requests each', () => {
  expect(played(madeUp(20, 500))).toMatchSnapshot();
});
