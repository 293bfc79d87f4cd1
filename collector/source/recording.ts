/**
 * Recordings: the byte stream of a probe connection in a file, with frames of our own that hold what the Kubernetes API
 * said meanwhile. Checked from end to end before the first frame is played, so that a damaged file says where.
 */
import { open } from 'node:fs/promises';
import { err, ok, type Result } from '../../model/result.ts';
import { createFrameParser, type Frame, type FrameError } from '../decode/frame-parser.ts';
import { frameHeader, frameType, wireMagic, wireVersion } from '../decode/wire.ts';

const chunkBytes = 1 << 20;

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    for (;;) {
      // A new buffer each time: frames are views of it.
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

export interface RecordingFacts {
  readonly frames: number;
  /** Wall time of the last frame when it was recorded. */
  readonly lastRealNs: bigint;
}

/** Walks the whole file. */
export async function checkRecording(path: string): Promise<Result<RecordingFacts, FrameError>> {
  const parser = createFrameParser();
  let frames = 0;
  let hellos = 0;
  let lastRealNs = 0n;
  for await (const chunk of chunksOf(path)) {
    const parsed = parser.push(chunk, (frame) => {
      frames += 1;
      if (frame.type === frameType.hello) hellos += 1;
      const realNs = BigInt(frame.monoNs) + frame.realOffsetNs;
      if (realNs > lastRealNs) lastRealNs = realNs;
    });
    if (!parsed.ok) return parsed;
  }
  if (parser.pendingBytes > 0) {
    return err({ offset: parser.offset, message: `cut short: the frame that starts here is incomplete` });
  }
  if (hellos === 0) return err({ offset: 0, message: 'no recording: it holds no greeting of a probe' });
  return ok({ frames, lastRealNs });
}

/** Plays every frame as fast as `onFrame` takes them. The file must have been checked. */
export async function playRecording(
  path: string,
  signal: AbortSignal,
  onFrame: (frame: Frame) => void,
  afterChunk: () => Promise<void>,
): Promise<Result<void, FrameError>> {
  const parser = createFrameParser();
  for await (const chunk of chunksOf(path)) {
    if (signal.aborted) return ok(undefined);
    const parsed = parser.push(chunk, onFrame);
    if (!parsed.ok) return parsed;
    await afterChunk();
  }
  return ok(undefined);
}

/** A frame of ours, stamped with the time of the probe frame before it. */
export function kubernetesFrame(json: string, monoNs: number, realOffsetNs: bigint): Buffer {
  const body = Buffer.from(json);
  const bytes = Buffer.alloc(frameHeader.size + body.length);
  bytes.writeUInt32LE(wireMagic, frameHeader.magic);
  bytes.writeUInt16LE(wireVersion, frameHeader.version);
  bytes.writeUInt16LE(frameType.recordedKubernetes, frameHeader.type);
  bytes.writeUInt32LE(body.length, frameHeader.length);
  bytes.writeBigUInt64LE(BigInt(monoNs), frameHeader.mono_ns);
  bytes.writeBigUInt64LE(BigInt(monoNs) + realOffsetNs, frameHeader.real_ns);
  body.copy(bytes, frameHeader.size);
  return bytes;
}
