/**
 * Cuts a byte stream into frames. A frame that lies whole in one chunk is a view of it; only a frame that spans chunks
 * is copied, once. What does not parse is an error that names its byte offset: there is no way to resynchronise.
 */
import { err, ok, type Result } from '../../model/result.ts';
import { readWide } from './bytes.ts';
import { frameHeader, frameMax, frameType, wireMagic, wireVersion } from './wire.ts';

export interface Frame {
  readonly type: number;
  readonly sequence: number;
  /** CLOCK_MONOTONIC when it was sent. */
  readonly monoNs: number;
  /** What to add to a monotonic time of this frame to get wall time, in ns. */
  readonly realOffsetNs: bigint;
  readonly payload: Buffer;
  /** Header and payload, as they came. */
  readonly raw: Buffer;
}

export interface FrameError {
  readonly offset: number;
  readonly message: string;
}

export interface FrameParser {
  /** Hands every frame completed by `chunk` to `onFrame`. */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): Result<void, FrameError>;
  /** Bytes of an unfinished frame; not 0 at the end of a stream means that it was cut. */
  readonly pendingBytes: number;
  /** Where in the stream the unfinished frame starts. */
  readonly offset: number;
  /** Frames the sender numbered and we never saw. */
  readonly missing: number;
}

export function createFrameParser(): FrameParser {
  const header = Buffer.alloc(frameHeader.size);
  let headerFill = 0;
  let whole: Buffer | null = null;
  let fill = 0;
  let offset = 0;
  let expected = 0;
  let missing = 0;

  const problem = (bytes: Buffer, at: number): string | null => {
    if (bytes.readUInt32LE(at + frameHeader.magic) !== wireMagic) return 'no frame starts here (wrong magic number)';
    const version = bytes.readUInt16LE(at + frameHeader.version);
    if (version !== wireVersion) return `wire version ${version}, this collector speaks ${wireVersion}`;
    const length = bytes.readUInt32LE(at + frameHeader.length);
    return length > frameMax ? `frame of ${length} bytes, more than the ${frameMax} allowed` : null;
  };

  const finish = (raw: Buffer, onFrame: (frame: Frame) => void): void => {
    const type = raw.readUInt16LE(frameHeader.type);
    const sequence = raw.readUInt32LE(frameHeader.sequence);
    if (type !== frameType.recordedKubernetes) {
      if (type === frameType.hello) expected = sequence;
      missing += (sequence - expected) >>> 0;
      expected = (sequence + 1) >>> 0;
    }
    offset += raw.length;
    onFrame({
      type,
      sequence,
      monoNs: readWide(raw, frameHeader.mono_ns),
      realOffsetNs: raw.readBigUInt64LE(frameHeader.real_ns) - raw.readBigUInt64LE(frameHeader.mono_ns),
      payload: raw.subarray(frameHeader.size),
      raw,
    });
  };

  const push: FrameParser['push'] = (chunk, onFrame) => {
    let at = 0;
    while (at < chunk.length) {
      if (whole !== null) {
        const taken = chunk.copy(whole, fill, at);
        at += taken;
        fill += taken;
        if (fill < whole.length) return ok(undefined);
        const raw = whole;
        whole = null;
        fill = 0;
        finish(raw, onFrame);
        continue;
      }
      if (headerFill === 0 && chunk.length - at >= frameHeader.size) {
        const message = problem(chunk, at);
        if (message !== null) return err({ offset, message });
        const size = frameHeader.size + chunk.readUInt32LE(at + frameHeader.length);
        if (chunk.length - at >= size) {
          finish(chunk.subarray(at, at + size), onFrame);
          at += size;
          continue;
        }
      }
      const taken = chunk.copy(header, headerFill, at, at + frameHeader.size - headerFill);
      at += taken;
      headerFill += taken;
      if (headerFill < frameHeader.size) return ok(undefined);
      const message = problem(header, 0);
      if (message !== null) return err({ offset, message });
      headerFill = 0;
      const spanning = Buffer.allocUnsafe(frameHeader.size + header.readUInt32LE(frameHeader.length));
      header.copy(spanning);
      if (spanning.length === frameHeader.size) finish(spanning, onFrame);
      else {
        whole = spanning;
        fill = frameHeader.size;
      }
    }
    return ok(undefined);
  };

  return {
    push,
    get pendingBytes() {
      return headerFill + fill;
    },
    get offset() {
      return offset;
    },
    get missing() {
      return missing;
    },
  };
}
