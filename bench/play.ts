/** A collector without its surroundings, for measuring: frames go in, rows come out into whatever block it is given. */
import { createCounters, type Counters } from '../collector/counters.ts';
import { createFrameParser, type Frame } from '../collector/decode/frame-parser.ts';
import { walkRecords } from '../collector/decode/records.ts';
import { frameType } from '../collector/decode/wire.ts';
import { createIdentity } from '../collector/identity/identity.ts';
import { createPipeline, type Pipeline, type PipelineDeps } from '../collector/pipeline.ts';
import { createBlock, type Block, type Schema } from '../db/native/block.ts';
import { createFlowBlock } from '../db/native/flow-block.ts';
import { coverageColumns, endpointColumns } from '../model/flow-columns.ts';

export type Sink = PipelineDeps['writer'];

const batchRows = 10_000;

/** A block that is encoded when it is full, as the writer does, and then forgotten. */
function discarding<S extends Schema>(block: Block<S>): () => Block<S> {
  return () => {
    if (block.rows >= batchRows) {
      block.encode();
      block.reset();
    }
    return block;
  };
}

export function createDiscardingSink(): Sink {
  return {
    flows: discarding(createFlowBlock(batchRows)),
    endpoints: discarding(createBlock(endpointColumns, batchRows)),
    coverage: discarding(createBlock(coverageColumns, batchRows)),
    endpointsEpoch: 0,
  };
}

export interface Player {
  readonly pipeline: Pipeline;
  readonly counters: Counters;
  /** Time that went into reading Kubernetes objects. */
  readonly kubernetesMs: number;
  frame(frame: Frame): void;
}

/** One collector's life: the next one knows nothing of it. */
export function createPlayer(sink: Sink): Player {
  const identity = createIdentity({ node: 'node-1', namesLimit: 100_000, namesKeepNs: 3600e9 });
  const counters = createCounters();
  let kubernetesMs = 0;
  let wallMs = 0;
  const pipeline = createPipeline(
    { cluster: 'bench', node: 'node-1', source: 'recording', shiftNs: 0n, firstRowId: 1n },
    {
      identity,
      counters,
      writer: sink,
      onVerdict: () => undefined,
      onHello: () => undefined,
      onGoodbye: () => undefined,
      onRecordedChange: (change) => void identity.applyKubernetes(change, wallMs),
    },
  );
  return {
    pipeline,
    counters,
    get kubernetesMs() {
      return kubernetesMs;
    },
    frame(frame) {
      if (frame.type !== frameType.recordedKubernetes) {
        pipeline.frame(frame);
        return;
      }
      wallMs = Number((BigInt(frame.monoNs) + frame.realOffsetNs) / 1_000_000n);
      const start = performance.now();
      pipeline.frame(frame);
      kubernetesMs += performance.now() - start;
    },
  };
}

/** What a read of the probe's socket brings. */
export const chunkBytes = 65_536;

export function parse(bytes: Buffer, onFrame: (frame: Frame) => void): void {
  const parser = createFrameParser();
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const parsed = parser.push(bytes.subarray(at, at + chunkBytes), onFrame);
    if (!parsed.ok) throw new Error(`the frames are damaged at byte ${parsed.error.offset}: ${parsed.error.message}`);
  }
}

export function countRecords(bytes: Buffer): number {
  let records = 0;
  parse(bytes, ({ type, payload }) => {
    if (type === frameType.events) walkRecords(payload, () => (records += 1));
  });
  return records;
}
