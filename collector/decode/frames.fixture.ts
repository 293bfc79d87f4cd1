/** Builds wire bytes for tests, the way the probe would: every field has a default, tests name what matters to them. */
import { addressBytes, parseAddress } from './address.ts';
import * as wire from './wire.ts';

export interface KeyFields {
  readonly a?: string;
  readonly b?: string;
  readonly portA?: number;
  readonly portB?: number;
  readonly protocol?: number;
  readonly ifindex?: number;
  readonly tunnel?: number;
  readonly tunnelId?: number;
}

export interface FlowFields extends KeyFields {
  readonly first?: number;
  readonly last?: number;
  readonly bytes?: readonly [number, number];
  readonly packets?: readonly [number, number];
  /** Of both directions. */
  readonly tcpFlags?: number;
  /** Of each direction; goes before tcpFlags. */
  readonly flags?: readonly [number, number];
  readonly kind?: number;
  readonly endCause?: number;
  /** 0 a, 1 b, 2 nobody. */
  readonly rstBy?: number;
  readonly initiator?: number;
  readonly ingress?: readonly [number, number];
  readonly zeroWindows?: readonly [number, number];
  readonly resets?: readonly [number, number];
  /** How many, and type and code of the latest. */
  readonly icmpErrors?: readonly [number, number, number];
  readonly encryption?: number;
  readonly carries?: number;
  readonly handshakeUs?: number;
}

export interface L7Fields extends KeyFields {
  readonly at?: number;
  readonly sequence?: number;
  readonly payloadLength?: number;
  readonly sender?: 0 | 1;
  readonly copyMode?: number;
  readonly isPlaintext?: boolean;
  readonly payload: Buffer | string;
}

export interface DropFields extends KeyFields {
  readonly first?: number;
  readonly last?: number;
  readonly packets?: number;
  readonly bytes?: number;
  readonly location?: bigint;
  readonly reason?: number;
  readonly sender?: 0 | 1;
  readonly tcpFlags?: number;
  readonly device?: string;
  readonly routeError?: number;
}

/** For tests that overwrite what `flow` leaves at 0. */
export const flowFieldAt = { retransmits: wire.flowRecord.retransmits, srtt_us: wire.flowRecord.srtt_us };

export const second = 1e9;
/** Monotonic time of tests: an hour after boot. */
export const bootedNs = 3600 * second;
/** Wall time at monotonic zero. */
export const realOffsetNs = 1_795_000_000_000_000_000n;

function address(text: string): Buffer {
  const key = parseAddress(text);
  if (key === undefined) throw new Error(`${text} is no address`);
  return addressBytes(key);
}

function writeKey(bytes: Buffer, at: number, fields: KeyFields): void {
  const { a = '10.0.0.1', b = '10.0.0.2', portA = 40000, portB = 80, protocol = 6, ifindex = 3 } = fields;
  address(a).copy(bytes, at + wire.flowKey.addr_a);
  address(b).copy(bytes, at + wire.flowKey.addr_b);
  bytes.writeUInt16LE(portA, at + wire.flowKey.port_a);
  bytes.writeUInt16LE(portB, at + wire.flowKey.port_b);
  bytes.writeUInt8(protocol, at + wire.flowKey.protocol);
  bytes.writeUInt8(a.includes(':') ? 6 : 4, at + wire.flowKey.family);
  bytes.writeUInt32LE(ifindex, at + wire.flowKey.ifindex);
  bytes.writeUInt8(fields.tunnel ?? 0, at + wire.flowKey.tunnel);
  bytes.writeUInt32LE(fields.tunnelId ?? 0, at + wire.flowKey.tunnel_id);
}

export function flowKey(fields: KeyFields = {}): Buffer {
  const bytes = Buffer.alloc(wire.flowKey.size);
  writeKey(bytes, 0, fields);
  return bytes;
}

function record(type: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUInt16LE(type, wire.recordHeader.type);
  bytes.writeUInt32LE(size, wire.recordHeader.length);
  return bytes;
}

export function flow(fields: FlowFields = {}): Buffer {
  const bytes = record(wire.recordType.flow, wire.flowRecord.size);
  const { first = bootedNs, last = first, ingress = [1, 0], packets = [1, 1], initiator = 0 } = fields;
  const counted = fields.bytes ?? [packets[0] * 100, packets[1] * 100];
  writeKey(bytes, wire.flowRecord.key, fields);
  bytes.writeBigUInt64LE(BigInt(first), wire.flowRecord.first_mono_ns);
  bytes.writeBigUInt64LE(BigInt(last), wire.flowRecord.last_mono_ns);
  for (const direction of [0, 1] as const) {
    bytes.writeBigUInt64LE(BigInt(counted[direction]), wire.flowRecord.bytes + direction * 8);
    bytes.writeBigUInt64LE(BigInt(packets[direction]), wire.flowRecord.packets + direction * 8);
    bytes.writeUInt16LE(fields.flags?.[direction] ?? fields.tcpFlags ?? 0, wire.flowRecord.tcp_flags + direction * 2);
    bytes.writeUInt8(ingress[direction], wire.flowRecord.ingress + direction);
    bytes.writeUInt32LE(fields.zeroWindows?.[direction] ?? 0, wire.flowRecord.zero_windows + direction * 4);
    bytes.writeUInt32LE(fields.resets?.[direction] ?? 0, wire.flowRecord.resets + direction * 4);
  }
  bytes.writeUInt8(fields.kind ?? wire.flowStart, wire.flowRecord.kind);
  bytes.writeUInt8(fields.endCause ?? 0, wire.flowRecord.end_cause);
  bytes.writeUInt8(initiator, wire.flowRecord.initiator);
  bytes.writeUInt8(fields.rstBy ?? 2, wire.flowRecord.rst_by);
  const [icmpErrors, icmpType, icmpCode] = fields.icmpErrors ?? [0, 0, 0];
  bytes.writeUInt32LE(icmpErrors, wire.flowRecord.icmp_errors);
  bytes.writeUInt8(icmpType, wire.flowRecord.icmp_error_type);
  bytes.writeUInt8(icmpCode, wire.flowRecord.icmp_error_code);
  bytes.writeUInt8(fields.encryption ?? 0, wire.flowRecord.encryption);
  bytes.writeUInt8(fields.carries ?? 0, wire.flowRecord.carries);
  bytes.writeUInt32LE(fields.handshakeUs ?? 0, wire.flowRecord.handshake_us);
  return bytes;
}

export function payload(fields: L7Fields): Buffer {
  const content = Buffer.from(fields.payload);
  const bytes = Buffer.concat([record(wire.recordType.l7, wire.l7Record.size), content]);
  writeKey(bytes, wire.l7Record.key, fields);
  bytes.writeUInt32LE(bytes.length, wire.recordHeader.length);
  bytes.writeBigUInt64LE(BigInt(fields.at ?? bootedNs), wire.l7Record.mono_ns);
  bytes.writeUInt32LE(fields.sequence ?? 0, wire.l7Record.sequence);
  bytes.writeUInt32LE(fields.payloadLength ?? content.length, wire.l7Record.payload_length);
  bytes.writeUInt32LE(content.length, wire.l7Record.captured);
  bytes.writeUInt8(fields.sender ?? 0, wire.l7Record.sender);
  bytes.writeUInt8(fields.copyMode ?? 0, wire.l7Record.copy_mode);
  bytes.writeUInt16LE(fields.isPlaintext === true ? wire.l7Plaintext : 0, wire.recordHeader.flags);
  return bytes;
}

export function drop(fields: DropFields = {}): Buffer {
  const bytes = record(wire.recordType.drop, wire.dropRecord.size);
  writeKey(bytes, wire.dropRecord.key, { ifindex: 0, ...fields });
  const { first = bootedNs } = fields;
  bytes.writeBigUInt64LE(BigInt(first), wire.dropRecord.first_mono_ns);
  bytes.writeBigUInt64LE(BigInt(fields.last ?? first), wire.dropRecord.last_mono_ns);
  bytes.writeBigUInt64LE(BigInt(fields.packets ?? 1), wire.dropRecord.packets);
  bytes.writeBigUInt64LE(BigInt(fields.bytes ?? 60), wire.dropRecord.bytes);
  bytes.writeBigUInt64LE(fields.location ?? 0xffffffff81000001n, wire.dropRecord.location);
  bytes.writeUInt32LE(fields.reason ?? 12, wire.dropRecord.reason);
  bytes.writeUInt8(fields.sender ?? 0, wire.dropRecord.sender);
  bytes.writeUInt16LE(fields.tcpFlags ?? 0, wire.dropRecord.tcp_flags);
  bytes.write(fields.device ?? 'veth0', wire.dropRecord.device);
  bytes.writeUInt32LE(fields.routeError ?? 0, wire.dropRecord.route_error);
  return bytes;
}

export interface InterfaceFields {
  readonly ifindex?: number;
  readonly name?: string;
  readonly state?: number;
  readonly peerNetns?: number;
  readonly peerNetnsName?: string;
  readonly addresses?: readonly string[];
}

export function networkInterface(fields: InterfaceFields = {}): Buffer {
  const { addresses = [], peerNetns = 0 } = fields;
  const head = record(wire.recordType.interface, wire.interfaceRecord.size);
  const bytes = Buffer.concat([head, ...addresses.map(address)]);
  bytes.writeUInt32LE(bytes.length, wire.recordHeader.length);
  bytes.writeUInt32LE(fields.ifindex ?? 3, wire.interfaceRecord.ifindex);
  bytes.writeUInt32LE(fields.state ?? 1, wire.interfaceRecord.state);
  bytes.writeUInt32LE(peerNetns, wire.interfaceRecord.peer_netns_inum);
  bytes.writeUInt32LE(peerNetns === 0 ? 0 : 1, wire.interfaceRecord.is_veth);
  bytes.write(fields.name ?? 'veth0', wire.interfaceRecord.name);
  bytes.write(fields.peerNetnsName ?? '', wire.interfaceRecord.peer_netns_name);
  bytes.writeUInt32LE(addresses.length, wire.interfaceRecord.address_count);
  return bytes;
}

export interface SocketFields {
  readonly local?: string;
  readonly localPort?: number;
  readonly protocol?: number;
  readonly state?: number;
  readonly netns?: number;
  readonly pid?: number;
  readonly comm?: string;
  readonly unit?: string;
}

export function socket(fields: SocketFields = {}): Buffer {
  const bytes = record(wire.recordType.socket, wire.socketRecord.size);
  address(fields.local ?? '::').copy(bytes, wire.socketRecord.local);
  bytes.writeUInt16LE(fields.localPort ?? 80, wire.socketRecord.local_port);
  bytes.writeUInt8(fields.protocol ?? 6, wire.socketRecord.protocol);
  bytes.writeUInt8(fields.state ?? wire.tcpListen, wire.socketRecord.state);
  bytes.writeUInt32LE(fields.netns ?? 1, wire.socketRecord.netns_inum);
  bytes.writeUInt32LE(fields.pid ?? 100, wire.socketRecord.pid);
  bytes.write(fields.comm ?? 'nginx', wire.socketRecord.comm);
  bytes.write(fields.unit ?? '', wire.socketRecord.unit);
  return bytes;
}

export function symbol(location: bigint, name: string): Buffer {
  const bytes = record(wire.recordType.symbol, wire.symbolRecord.size);
  bytes.writeBigUInt64LE(location, wire.symbolRecord.address);
  bytes.write(name, wire.symbolRecord.name);
  return bytes;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)]);
}

/** The frames of one connection: numbers them as the probe does. */
export function createFrames(): {
  frame(type: number, body: Buffer, atNs?: number): Buffer;
  hello(lines?: readonly string[], bootId?: bigint, atNs?: number): Buffer;
  events(records: readonly Buffer[], atNs?: number): Buffer;
  stats(values: Readonly<Record<string, number>>, atNs?: number): Buffer;
} {
  let sequence = 0;
  const frame = (type: number, body: Buffer, atNs = bootedNs): Buffer => {
    const header = Buffer.alloc(wire.frameHeader.size);
    header.writeUInt32LE(wire.wireMagic, wire.frameHeader.magic);
    header.writeUInt16LE(wire.wireVersion, wire.frameHeader.version);
    header.writeUInt16LE(type, wire.frameHeader.type);
    header.writeUInt32LE(body.length, wire.frameHeader.length);
    header.writeUInt32LE(sequence++, wire.frameHeader.sequence);
    header.writeBigUInt64LE(BigInt(atNs), wire.frameHeader.mono_ns);
    header.writeBigUInt64LE(BigInt(atNs) + realOffsetNs, wire.frameHeader.real_ns);
    return Buffer.concat([header, body]);
  };
  return {
    frame,
    hello(
      lines = ['kernel=6.18.0', 'reason.2=NOT_SPECIFIED', 'reason.12=NETFILTER_DROP'],
      bootId = 7n,
      atNs = bootedNs,
    ) {
      const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const head = Buffer.alloc(wire.hello.size);
      head.writeUInt32LE(text.length, wire.hello.text_length);
      head.writeBigUInt64LE(bootId, wire.hello.boot_id);
      head.writeUInt32LE(1000, wire.hello.scan_interval_ms);
      head.writeUInt32LE(1, wire.hello.netns_inum);
      return frame(wire.frameType.hello, Buffer.concat([head, text]), atNs);
    },
    events: (records, atNs = bootedNs) => frame(wire.frameType.events, Buffer.concat(records.map(padded)), atNs),
    stats(values, atNs = bootedNs) {
      const body = Buffer.alloc(wire.probeStats.length * 8);
      wire.probeStats.forEach((name, index) => body.writeBigUInt64LE(BigInt(values[name] ?? 0), index * 8));
      return frame(wire.frameType.stats, body, atNs);
    },
  };
}

export interface TcpFields extends KeyFields {
  readonly at?: number;
  readonly local?: 0 | 1;
  readonly state?: number;
  readonly oldState?: number;
  readonly srttUs?: number;
  readonly retransmits?: number;
  readonly error?: number;
}

/** What a socket tells when it is established, or by default when it has closed. */
export function tcp(fields: TcpFields = {}): Buffer {
  const bytes = record(wire.recordType.tcp, wire.tcpRecord.size);
  writeKey(bytes, wire.tcpRecord.key, { ifindex: 0, ...fields });
  bytes.writeBigUInt64LE(BigInt(fields.at ?? bootedNs), wire.tcpRecord.mono_ns);
  bytes.writeUInt32LE(fields.srttUs ?? 0, wire.tcpRecord.srtt_us);
  bytes.writeUInt32LE(fields.retransmits ?? 0, wire.tcpRecord.retransmits);
  bytes.writeUInt32LE(fields.error ?? 0, wire.tcpRecord.error);
  bytes.writeUInt8(fields.local ?? 0, wire.tcpRecord.local);
  bytes.writeUInt8(fields.state ?? 7, wire.tcpRecord.state);
  bytes.writeUInt8(fields.oldState ?? 1, wire.tcpRecord.old_state);
  return bytes;
}

export interface FailedCallFields {
  readonly at?: number;
  readonly local?: string;
  readonly localPort?: number;
  readonly remote?: string;
  readonly remotePort?: number;
  readonly protocol?: number;
  readonly netns?: number;
  readonly error?: number;
  readonly count?: number;
  readonly comm?: string;
  readonly unit?: string;
}

export function failedCall(fields: FailedCallFields = {}): Buffer {
  const bytes = record(wire.recordType.connect, wire.connectRecord.size);
  const { local = '0.0.0.0', remote = '198.51.100.1' } = fields;
  address(remote).copy(bytes, wire.connectRecord.remote);
  address(local).copy(bytes, wire.connectRecord.local);
  bytes.writeBigUInt64LE(BigInt(fields.at ?? bootedNs), wire.connectRecord.mono_ns);
  bytes.writeUInt32LE(fields.netns ?? 101, wire.connectRecord.netns_inum);
  bytes.writeUInt32LE(4242, wire.connectRecord.pid);
  bytes.writeUInt32LE(fields.error ?? 101, wire.connectRecord.error);
  bytes.writeUInt32LE(fields.count ?? 1, wire.connectRecord.count);
  bytes.writeUInt16LE(fields.remotePort ?? 443, wire.connectRecord.remote_port);
  bytes.writeUInt16LE(fields.localPort ?? 0, wire.connectRecord.local_port);
  bytes.writeUInt8(fields.protocol ?? 6, wire.connectRecord.protocol);
  bytes.writeUInt8(remote.includes(':') ? 6 : 4, wire.connectRecord.family);
  bytes.write(fields.comm ?? 'curl', wire.connectRecord.comm);
  bytes.write(fields.unit ?? '', wire.connectRecord.unit);
  return bytes;
}

export interface TranslationFields {
  readonly client?: readonly [string, number];
  readonly service?: readonly [string, number];
  readonly backend?: readonly [string, number];
  readonly seenAs?: readonly [string, number];
  readonly protocol?: number;
  /** 1 conntrack, 2 connect(). */
  readonly by?: number;
}

export function translation(fields: TranslationFields = {}): Buffer {
  const bytes = record(wire.recordType.translation, wire.translationRecord.size);
  const { translationRecord: at } = wire;
  const { client = ['10.0.0.1', 40000], service = ['10.96.0.10', 80], backend = ['10.0.0.2', 8080] } = fields;
  const { seenAs = client } = fields;
  const put = ([text, port]: readonly [string, number], addressAt: number, portAt: number): void => {
    address(text).copy(bytes, addressAt);
    bytes.writeUInt16LE(port, portAt);
  };
  put(client, at.client, at.client_port);
  put(service, at.service, at.service_port);
  put(backend, at.backend, at.backend_port);
  put(seenAs, at.seen_as, at.seen_as_port);
  bytes.writeUInt8(fields.protocol ?? 6, at.protocol);
  bytes.writeUInt8(client[0].includes(':') ? 6 : 4, at.family);
  bytes.writeUInt8(fields.by ?? 1, at.by);
  return bytes;
}
