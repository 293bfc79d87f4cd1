/**
 * Follows one direction of a protocol whose messages say their length: DNS over TCP, TLS records, HTTP/2 frames, database
 * packets. It gathers the beginning of each message that its reader asked for and steps over the rest, so that bytes
 * which nobody reads may be missing. It refuses to guess: once a length cannot be trusted it waits for a packet that
 * surely starts a message.
 */
import type { Budget } from './budget.ts';
import type { StreamSink } from './stream.ts';

export interface FrameLayout {
  /** Bytes that tell the size; at most `headerLimit`. Read anew for each frame. */
  readonly headerSize: number;
  /** Bytes of the whole frame, with its header; -1: no frame starts like this. */
  size(bytes: Buffer, at: number): number;
  /** How many of its first bytes are worth reading. */
  keep(bytes: Buffer, at: number): number;
  /** For taking up again after a loss: does a frame surely start here? */
  startsLike(bytes: Buffer): boolean;
}

export type FrameLoss = 'gap' | 'malformed' | 'memory';

export interface Frame {
  readonly bytes: Buffer;
  /** The kept part lies here; it is valid only during the call. */
  readonly start: number;
  readonly end: number;
  /** Of the whole frame. */
  readonly size: number;
  /** Bytes that were to be kept are missing. */
  readonly isCut: boolean;
  readonly firstNs: number;
  readonly lastNs: number;
}

export interface FrameHandlers {
  frame(frame: Frame): void;
  lost(cause: FrameLoss): void;
}

export interface Frames extends StreamSink {
  /** What follows the current frame is not framed like this any more: another parser takes it, or nobody. */
  handOver(next: StreamSink | null): void;
  /** The frame just given makes no sense here. */
  refuse(): void;
  end(): void;
}

export const headerLimit = 32;
/** No frame is gathered beyond this. */
const keepLimit = 64 * 1024;

const nobody: StreamSink = { data: () => undefined, gap: () => undefined, skippable: Infinity };

export function createFrames(layout: FrameLayout, handlers: FrameHandlers, budget: Budget): Frames {
  const scratch = Buffer.alloc(headerLimit);
  let next: StreamSink | null = null;
  let isLost = false;
  /** The beginning of a frame that came in pieces. */
  let part = scratch;
  let held = 0;
  let need = 0;
  /** Of the frame being gathered; 0 until its header is whole. */
  let size = 0;
  let firstNs = 0;
  /** Bytes of the last frame that nobody reads. */
  let skip = 0;

  const hasLost = (): boolean => isLost;

  const forget = (): void => {
    if (part !== scratch) budget.give(part.length);
    part = scratch;
    held = 0;
    size = 0;
  };

  const lose = (cause: FrameLoss): void => {
    forget();
    skip = 0;
    isLost = true;
    handlers.lost(cause);
  };

  const measure = (bytes: Buffer, at: number): boolean => {
    size = layout.size(bytes, at);
    if (size < layout.headerSize) {
      lose('malformed');
      return false;
    }
    need = Math.max(layout.headerSize, Math.min(size, layout.keep(bytes, at), keepLimit));
    return true;
  };

  const give = (bytes: Buffer, start: number, end: number, isCut: boolean, lastNs: number): void => {
    const frame = { bytes, start, end, size, isCut, firstNs, lastNs };
    skip = size - (end - start);
    size = 0;
    handlers.frame(frame);
  };

  const finishPart = (isCut: boolean, lastNs: number): void => {
    const whole = part;
    const length = held;
    // The part is given up only after its reader is done with it.
    give(whole, 0, length, isCut, lastNs);
    forget();
  };

  /** Makes room for the whole kept part once the header told how long it is. */
  const grow = (): boolean => {
    if (need <= part.length) return true;
    if (!budget.take(need)) {
      lose('memory');
      return false;
    }
    const grown = Buffer.allocUnsafe(need);
    part.copy(grown, 0, 0, held);
    part = grown;
    return true;
  };

  /** Takes what it can from `at` on; returns where the rest starts. */
  const gather = (bytes: Buffer, at: number, atNs: number): number => {
    const taken = Math.min(need - held, bytes.length - at);
    bytes.copy(part, held, at, at + taken);
    held += taken;
    if (held < need) return at + taken;
    if (size === 0 && (!measure(part, 0) || !grow())) return at + taken;
    if (held >= need) finishPart(false, atNs);
    return at + taken;
  };

  const startFrame = (bytes: Buffer, at: number, atNs: number): number => {
    firstNs = atNs;
    if (bytes.length - at < layout.headerSize) {
      need = layout.headerSize;
      return gather(bytes, at, atNs);
    }
    if (!measure(bytes, at)) return bytes.length;
    if (bytes.length - at >= need) {
      const end = at + need;
      give(bytes, at, end, false, atNs);
      return end;
    }
    return grow() ? gather(bytes, at, atNs) : bytes.length;
  };

  return {
    data(bytes, atNs, isSegmentStart) {
      if (isLost) {
        if (!isSegmentStart || !layout.startsLike(bytes)) return;
        isLost = false;
      }
      for (let at = 0; at < bytes.length && !hasLost();) {
        if (next !== null) {
          next.data(at === 0 ? bytes : bytes.subarray(at), atNs, isSegmentStart && at === 0);
          return;
        }
        if (skip > 0) {
          const taken = Math.min(skip, bytes.length - at);
          skip -= taken;
          at += taken;
        } else at = held > 0 ? gather(bytes, at, atNs) : startFrame(bytes, at, atNs);
      }
    },
    gap(length) {
      if (next !== null) next.gap(length);
      else if (isLost) return;
      else if (held === 0 && length <= skip) skip -= length;
      else if (held > 0 && size > 0 && length <= size - held) {
        finishPart(true, firstNs);
        skip = Math.max(0, skip - length);
      } else lose('gap');
    },
    get skippable() {
      if (next !== null) return next.skippable;
      if (isLost) return Infinity;
      return held === 0 ? skip : 0;
    },
    handOver(to) {
      next = to ?? nobody;
    },
    refuse: () => lose('malformed'),
    end() {
      forget();
      next = nobody;
    },
  };
}
