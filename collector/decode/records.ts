/**
 * Walks the records of an EVENTS frame and reads the rare ones (hello, interfaces, sockets, symbols) into objects. The
 * frequent ones (flows, drops, payload) are read in place by whoever uses them.
 */
import { addressKey, noAddress, type AddressKey } from './address.ts';
import { readText } from './bytes.ts';
import {
  connectRecord,
  dropRecord,
  dropRecordFirstSize,
  flowRecordFirstSize,
  hello,
  interfaceRecord,
  l7Record,
  recordHeader,
  recordType,
} from './wire.ts';
import { socketRecord, symbolRecord, tcpRecord, translationRecord } from './wire.ts';

const smallest: Readonly<Record<number, number>> = {
  [recordType.flow]: flowRecordFirstSize,
  [recordType.drop]: dropRecordFirstSize,
  [recordType.l7]: l7Record.size,
  [recordType.interface]: interfaceRecord.size,
  [recordType.socket]: socketRecord.size,
  [recordType.symbol]: symbolRecord.size,
  [recordType.tcp]: tcpRecord.size,
  [recordType.connect]: connectRecord.size,
  [recordType.translation]: translationRecord.size,
};

/**
 * Calls `onRecord` with type and offset of each record. Returns the number of records that were cut short or of no
 * known type; a length that cannot be ends the walk.
 */
export function walkRecords(payload: Buffer, onRecord: (type: number, offset: number, length: number) => void): number {
  let bad = 0;
  let at = 0;
  while (at + recordHeader.size <= payload.length) {
    const type = payload.readUInt16LE(at);
    const length = payload.readUInt32LE(at + recordHeader.length);
    if (length < recordHeader.size || at + length > payload.length) return bad + 1;
    const least = smallest[type];
    if (least === undefined || length < least) bad += 1;
    else onRecord(type, at, length);
    at += (length + 7) & ~7;
  }
  return at < payload.length ? bad + 1 : bad;
}

export interface Hello {
  readonly bootId: bigint;
  readonly scanIntervalMs: number;
  readonly netnsInum: number;
  readonly kernel: string;
  readonly missing: readonly string[];
  /** Drop reasons of the running kernel by number. */
  readonly reasons: ReadonlyMap<number, string>;
}

/** Undefined when the frame is too short. Lines it does not know are for newer collectors. */
export function readHello(payload: Buffer): Hello | undefined {
  if (payload.length < hello.size) return undefined;
  const end = hello.size + payload.readUInt32LE(hello.text_length);
  if (end > payload.length) return undefined;
  const missing: string[] = [];
  const reasons = new Map<number, string>();
  let kernel = '';
  for (const line of payload.toString('utf8', hello.size, end).split('\n')) {
    const cut = line.indexOf('=');
    const name = line.slice(0, cut);
    const value = line.slice(cut + 1);
    if (name === 'kernel') kernel = value;
    else if (name === 'missing') missing.push(value);
    else if (name.startsWith('reason.')) reasons.set(Number(name.slice(7)), value);
  }
  return {
    bootId: payload.readBigUInt64LE(hello.boot_id),
    scanIntervalMs: payload.readUInt32LE(hello.scan_interval_ms),
    netnsInum: payload.readUInt32LE(hello.netns_inum),
    kernel,
    missing,
    reasons,
  };
}

export const interfaceStates = ['unknown', 'attached', 'gone', 'failed', 'skipped'] as const;
export type InterfaceState = (typeof interfaceStates)[number];

export interface InterfaceFacts {
  readonly ifindex: number;
  readonly name: string;
  readonly state: InterfaceState;
  readonly isVeth: boolean;
  /** 0 unless it is one end of a pair whose other end is in another network namespace. */
  readonly peerNetns: number;
  readonly peerNetnsName: string;
  readonly addresses: readonly AddressKey[];
  readonly errno: number;
}

export function readInterface(bytes: Buffer, at: number, length: number): InterfaceFacts {
  const claimed = bytes.readUInt32LE(at + interfaceRecord.address_count);
  const count = Math.min(claimed, Math.floor((length - interfaceRecord.size) / 16));
  return {
    ifindex: bytes.readUInt32LE(at + interfaceRecord.ifindex),
    name: readText(bytes, at + interfaceRecord.name, 16),
    state: interfaceStates[bytes.readUInt32LE(at + interfaceRecord.state)] ?? 'unknown',
    isVeth: bytes.readUInt32LE(at + interfaceRecord.is_veth) !== 0,
    peerNetns: bytes.readUInt32LE(at + interfaceRecord.peer_netns_inum),
    peerNetnsName: readText(bytes, at + interfaceRecord.peer_netns_name, 64),
    addresses: Array.from({ length: count }, (_, i) => addressKey(bytes, at + interfaceRecord.size + i * 16)),
    errno: bytes.readUInt32LE(at + interfaceRecord.error),
  };
}

export interface SocketFacts {
  readonly local: AddressKey;
  readonly isWildcard: boolean;
  readonly localPort: number;
  readonly protocol: number;
  readonly state: number;
  readonly netns: number;
  readonly pid: number;
  readonly comm: string;
  readonly cgroup: string;
}

export function readSocket(bytes: Buffer, at: number): SocketFacts {
  const local = addressKey(bytes, at + socketRecord.local);
  return {
    local,
    isWildcard: local === noAddress || local === '\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0',
    localPort: bytes.readUInt16LE(at + socketRecord.local_port),
    protocol: bytes[at + socketRecord.protocol] ?? 0,
    state: bytes[at + socketRecord.state] ?? 0,
    netns: bytes.readUInt32LE(at + socketRecord.netns_inum),
    pid: bytes.readUInt32LE(at + socketRecord.pid),
    comm: readText(bytes, at + socketRecord.comm, 16),
    cgroup: readText(bytes, at + socketRecord.unit, 128),
  };
}

export function readSymbol(bytes: Buffer, at: number): { readonly address: bigint; readonly name: string } {
  return {
    address: bytes.readBigUInt64LE(at + symbolRecord.address),
    name: readText(bytes, at + symbolRecord.name, 64),
  };
}

/** errno of the route a dropped packet was on; 0 if it has none, or the probe is too old to say. */
export function readRouteError(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at + recordHeader.length);
  return length < dropRecord.size ? 0 : bytes.readUInt32LE(at + dropRecord.route_error);
}
