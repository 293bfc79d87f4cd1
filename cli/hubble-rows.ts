/** The lines of a file of Hubble's as rows for the store, and a tally of what in it is no flow. */
import { ImportRefused, type Refusal } from '../db/import/checked-rows.ts';
import { readLines, tooLong } from '../db/import/lines.ts';
import type { HubbleRow } from '../hubble/flow-row.ts';
import { createExchangePairs } from '../hubble/pair-exchanges.ts';
import { readHubbleLine, type HubbleLine } from '../hubble/read-line.ts';

export interface HubbleTally {
  readonly flows: number;
  readonly refused: number;
  /** Requests that were joined with their answers. */
  readonly joined: number;
  /** Events that Hubble says it lost, by where. */
  readonly lost: ReadonlyMap<string, number>;
  /** Lines that are no flows, by what they are. */
  readonly others: ReadonlyMap<string, number>;
  /** Fields that rows have no place for. */
  readonly leftOut: ReadonlySet<string>;
}

export interface HubbleRowsDeps {
  /** Without it the first line that cannot be read refuses the file. */
  readonly onRefused: ((refusal: Refusal) => void) | undefined;
  readonly onProgress: (rows: number, refused: number) => void;
}

/** Exchanges that wait for their other half: as much as some tens of megabytes hold. */
const waitingExchanges = 10_000;
const rowsPerBatch = 100;
/** Different names in a tally: a file may hold one for each line. */
const mostNames = 100;

export interface HubbleRows {
  /** Lines of JSON. */
  readonly rows: AsyncIterable<Uint8Array>;
  /** Complete when all rows were read. */
  readonly tally: HubbleTally;
}

export function createHubbleRows(body: AsyncIterable<Uint8Array>, deps: HubbleRowsDeps): HubbleRows {
  const pairs = createExchangePairs(waitingExchanges);
  const lost = new Map<string, number>();
  const others = new Map<string, number>();
  const leftOut = new Set<string>();
  let [flows, refused] = [0, 0];
  let first: Refusal | null = null;

  const count = (of: Map<string, number>, name: string, more: number): void => {
    if (of.has(name) || of.size < mostNames) of.set(name, (of.get(name) ?? 0) + more);
    else of.set('others', (of.get('others') ?? 0) + more);
  };
  const refuse = (refusal: Refusal): void => {
    if (deps.onRefused === undefined) throw new ImportRefused(`line ${refusal.line}: ${refusal.why}`);
    first ??= refusal;
    refused += 1;
    deps.onRefused(refusal);
  };
  const take = (line: HubbleLine): readonly HubbleRow[] => {
    switch (line.is) {
      case 'lost':
        count(lost, line.source, line.count);
        return [];
      case 'node_status':
        count(others, ['node_status', line.state, ...line.nodes].join(' '), 1);
        return [];
      case 'other':
        count(others, line.name, 1);
        return [];
      case 'flow':
        flows += 1;
        for (const name of line.leftOut) if (leftOut.size < mostNames) leftOut.add(name);
        return pairs.take(line.row);
    }
  };

  async function* rows(): AsyncGenerator<HubbleRow> {
    for await (const { number, bytes } of readLines(body)) {
      if (bytes?.length === 0) continue;
      const line = bytes === null ? ({ ok: false, error: tooLong } as const) : readHubbleLine(bytes.toString());
      if (line.ok) yield* take(line.value);
      else refuse({ line: number, why: line.error });
      if ((flows + refused) % 1000 === 0) deps.onProgress(flows, refused);
    }
    yield* pairs.end();
    if (first === null || flows + lost.size + others.size > 0) return;
    throw new ImportRefused(`none of its ${refused} lines is one of Hubble; line ${first.line}: ${first.why}`);
  }

  return {
    rows: inBatches(rows()),
    get tally() {
      return { flows, refused, joined: pairs.joined, lost, others, leftOut };
    },
  };
}

async function* inBatches(rows: AsyncIterable<HubbleRow>): AsyncGenerator<Uint8Array> {
  let batch = '';
  let held = 0;
  for await (const row of rows) {
    batch += `${JSON.stringify(row)}\n`;
    held += 1;
    if (held < rowsPerBatch) continue;
    yield Buffer.from(batch);
    [batch, held] = ['', 0];
  }
  if (held > 0) yield Buffer.from(batch);
}
