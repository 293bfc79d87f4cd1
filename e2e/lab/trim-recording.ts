/**
 * Leaves of a recording only what is the lab's: records between its addresses, on its links, of sockets in its
 * namespaces. What else the host said while it was recorded is nobody's business.
 */
import { addressKey, parseAddress, type AddressKey } from '../../collector/decode/address.ts';
import { readText } from '../../collector/decode/bytes.ts';
import { createFrameParser, type Frame } from '../../collector/decode/frame-parser.ts';
import { walkRecords } from '../../collector/decode/records.ts';
import {
  dropRecord,
  flowKey,
  frameHeader,
  frameType,
  interfaceRecord,
  recordType,
  socketRecord,
} from '../../collector/decode/wire.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { pods } from './topology.ts';

/** Records start on multiples of this many bytes within a frame; see bpf/wire.h. */
const alignment = 8;

export function trimRecording(recording: Buffer): Result<Buffer, string> {
  const addresses = new Set<AddressKey | undefined>(
    pods.flatMap((pod) => [parseAddress(pod.ipv4), parseAddress(pod.ipv6)]),
  );
  const links = new Set(pods.map((pod) => pod.link));
  const namespaces = new Set<number>();

  const isKept = (type: number, bytes: Buffer, at: number): boolean => {
    switch (type) {
      case recordType.flow:
      case recordType.drop:
      case recordType.l7: {
        // The key stands at the same place in all three.
        const key = at + dropRecord.key;
        return (
          addresses.has(addressKey(bytes, key + flowKey.addr_a)) &&
          addresses.has(addressKey(bytes, key + flowKey.addr_b))
        );
      }
      case recordType.interface: {
        const isLab = links.has(readText(bytes, at + interfaceRecord.name, 16));
        if (isLab) namespaces.add(bytes.readUInt32LE(at + interfaceRecord.peer_netns_inum));
        return isLab;
      }
      case recordType.socket:
        return namespaces.has(bytes.readUInt32LE(at + socketRecord.netns_inum));
      default:
        return type === recordType.symbol;
    }
  };

  const trimFrame = (frame: Frame): Buffer => {
    if (frame.type !== frameType.events) return frame.raw;
    const kept: Buffer[] = [];
    walkRecords(frame.payload, (type, at, length) => {
      if (!isKept(type, frame.payload, at)) return;
      const record = Buffer.alloc(Math.ceil(length / alignment) * alignment);
      frame.payload.copy(record, 0, at, at + length);
      kept.push(record);
    });
    const payload = Buffer.concat(kept);
    const header = Buffer.from(frame.raw.subarray(0, frameHeader.size));
    header.writeUInt32LE(payload.length, frameHeader.length);
    return Buffer.concat([header, payload]);
  };

  const frames: Buffer[] = [];
  const parser = createFrameParser();
  const parsed = parser.push(recording, (frame) => frames.push(trimFrame(frame)));
  if (!parsed.ok) return err(`byte ${parsed.error.offset}: ${parsed.error.message}`);
  if (parser.pendingBytes > 0) return err(`byte ${parser.offset}: the last frame is cut short`);
  return ok(Buffer.concat(frames));
}
