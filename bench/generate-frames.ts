/**
 * Frames as a probe on a busy Kubernetes node would send them, the same in every run: conversations of pods, each seen
 * at two interfaces, counted once a scan, some of them ending and beginning; every fifth record is a segment of HTTP.
 */
import { parseAddress } from '../collector/decode/address.ts';
import * as wire from '../collector/decode/wire.ts';
import type { Change } from '../collector/identity/kubernetes-objects.ts';
import { createRandom, pick, type Random } from './random.ts';

export interface ProbeTraffic {
  /** What a probe tells first, and the cluster as its API told it. */
  greeting(atNs: number): Buffer;
  /** One second's records, ending with the counters. The buffer is used again by the scan after the next. */
  scan(atNs: number): Buffer;
  /** Of one scan. */
  readonly records: number;
  readonly requests: number;
}

export interface TrafficPlan {
  readonly seed: number;
  readonly conversations: number;
  /** Wall time at monotonic zero. */
  readonly realOffsetNs: bigint;
  readonly hasHttp: boolean;
  /** HTTP requests of one scan; left out, every fifth record is a segment of one. */
  readonly requests?: number;
}

const second = 1e9;
const high = 2 ** 32;
const localPods = 100;
const remotePods = 300;
const namespaces = 10;
const uplink = 2;
const firstVeth = 10;
const firstNetns = 4_026_532_000;
const nodeAddress = '192.168.0.1';
/** One in so many conversations ends in a scan, and another begins in the next. */
const turnover = 10;
/** L7 records go out as they come: so many frames a second. */
const framesOfL7 = 20;
const recordsPerFrame = 1000;
const update = 2;
const synAck = 0x12;

interface Peer {
  readonly address: Buffer;
  /** 0 when it is not behind a veth here. */
  readonly ifindex: number;
}

interface Conversation {
  readonly client: Peer;
  readonly server: Peer;
  readonly serverPort: number;
  clientPort: number;
  /** The client is `a` of the key. */
  clientIsA: boolean;
  startedNs: number;
  isNew: boolean;
  readonly sequences: [number, number];
  readonly isHttp: boolean;
}

function address(text: string): Buffer {
  const key = parseAddress(text);
  if (key === undefined) throw new Error(`${text} is no address`);
  return Buffer.from(key, 'latin1');
}

function podAddress(index: number): string {
  return `10.${index < localPods ? 1 : 2 + (index % 3)}.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}

function cluster(): readonly Change[] {
  const apps = Array.from({ length: 40 }, (_, at) => ({ name: `app-${at}`, namespace: `team-${at % namespaces}` }));
  const labels = (app: string): Record<string, string> => ({ app, tier: 'backend', version: 'v3' });
  const pods = Array.from({ length: localPods + remotePods }, (_, index) => {
    const app = apps[index % apps.length] ?? { name: 'app', namespace: 'team-0' };
    const hash = '6d4b75cb6d';
    return {
      metadata: {
        name: `${app.name}-${hash}-${index.toString(36).padStart(5, 'x')}`,
        namespace: app.namespace,
        uid: `uid-${index}`,
        labels: { ...labels(app.name), 'pod-template-hash': hash },
        ownerReferences: [{ kind: 'ReplicaSet', name: `${app.name}-${hash}`, uid: `rs-${app.name}`, controller: true }],
      },
      spec: {
        nodeName: index < localPods ? 'node-1' : `node-${2 + (index % 3)}`,
        containers: [{ ports: [{ containerPort: 8080, protocol: 'TCP' }] }],
      },
      status: { phase: 'Running', podIP: podAddress(index), podIPs: [{ ip: podAddress(index) }] },
    };
  });
  return [
    {
      resource: 'namespaces',
      event: 'list',
      objects: Array.from({ length: namespaces }, (_, at) => ({
        metadata: { name: `team-${at}`, labels: { team: `${at}` } },
      })),
    },
    {
      resource: 'nodes',
      event: 'list',
      objects: [1, 2, 3, 4].map((at) => ({
        metadata: { name: `node-${at}` },
        status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${at}` }] },
      })),
    },
    {
      resource: 'services',
      event: 'list',
      objects: apps.map(({ name, namespace }, at) => ({
        metadata: { name, namespace },
        spec: { clusterIP: `10.96.0.${at + 1}`, selector: { app: name }, ports: [{ port: 80, protocol: 'TCP' }] },
      })),
    },
    { resource: 'pods', event: 'list', objects: pods },
  ];
}

function requestsOf(random: Random): readonly Buffer[] {
  const resources = ['orders', 'users', 'carts', 'payments', 'catalog/items'];
  return Array.from({ length: 64 }, () => {
    const id = Math.floor(random() * 1e6);
    const trace = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
    const lines = [
      `GET /api/v1/${pick(resources, random)}/${id}?expand=items HTTP/1.1`,
      `Host: app-${id % 40}.team-${id % namespaces}.svc.cluster.local:8080`,
      'User-Agent: okhttp/4.12.0',
      'Accept: application/json',
      'Accept-Encoding: gzip',
      `traceparent: 00-${trace}-${trace.slice(0, 16)}-01`,
      'Authorization: Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl',
      'Connection: keep-alive',
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

function responsesOf(random: Random): readonly Buffer[] {
  return Array.from({ length: 64 }, () => {
    const body = JSON.stringify({
      id: Math.floor(random() * 1e6),
      state: 'shipped',
      items: [1, 2, 3],
      note: 'x'.repeat(80),
    });
    const lines = [
      `HTTP/1.1 ${random() < 0.97 ? '200 OK' : '503 Service Unavailable'}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${body.length}`,
      'Date: Wed, 25 Nov 2026 02:33:49 GMT',
      'Server: envoy',
      'x-envoy-upstream-service-time: 3',
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
  });
}

/** A buffer that records and frames are written into, all of them 8-byte aligned as the probe's are. */
function createPen(size: number, realOffsetNs: bigint) {
  const bytes = Buffer.alloc(size);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, size >> 2);
  const wideWords = new BigUint64Array(bytes.buffer, bytes.byteOffset, size >> 3);
  let at = 0;
  let frameAt = -1;
  const writeWide = (offset: number, value: number): void => {
    words[offset >> 2] = value % high;
    words[(offset >> 2) + 1] = Math.floor(value / high);
  };
  const closeFrame = (): void => {
    if (frameAt === -1) return;
    words[(frameAt + wire.frameHeader.length) >> 2] = at - frameAt - wire.frameHeader.size;
    frameAt = -1;
  };
  return {
    bytes,
    writeWide,
    begin(): void {
      at = 0;
      frameAt = -1;
    },
    openFrame(type: number, sequence: number, atNs: number): void {
      closeFrame();
      frameAt = at;
      words[at >> 2] = wire.wireMagic;
      words[(at + wire.frameHeader.version) >> 2] = wire.wireVersion | (type << 16);
      words[(at + wire.frameHeader.sequence) >> 2] = sequence;
      writeWide(at + wire.frameHeader.mono_ns, atNs);
      wideWords[(at + wire.frameHeader.real_ns) >> 3] = BigInt(atNs) + realOffsetNs;
      at += wire.frameHeader.size;
    },
    /** Room for a record of that length; returns where it starts. */
    record(type: number, length: number): number {
      const start = at;
      const padded = (length + 7) & ~7;
      bytes.fill(0, start, start + Math.min(padded, wire.flowRecord.size));
      words[start >> 2] = type;
      words[(start + wire.recordHeader.length) >> 2] = length;
      at += padded;
      return start;
    },
    /** Room for a body without records. */
    body(length: number): number {
      const start = at;
      bytes.fill(0, start, start + length);
      at += length;
      return start;
    },
    end(): Buffer {
      closeFrame();
      return bytes.subarray(0, at);
    },
  };
}

type Pen = ReturnType<typeof createPen>;

function writeKey(pen: Pen, at: number, conversation: Conversation, ifindex: number): void {
  const { client, server, clientPort, serverPort, clientIsA } = conversation;
  const { bytes } = pen;
  (clientIsA ? client : server).address.copy(bytes, at + wire.flowKey.addr_a);
  (clientIsA ? server : client).address.copy(bytes, at + wire.flowKey.addr_b);
  bytes.writeUInt16LE(clientIsA ? clientPort : serverPort, at + wire.flowKey.port_a);
  bytes.writeUInt16LE(clientIsA ? serverPort : clientPort, at + wire.flowKey.port_b);
  bytes[at + wire.flowKey.protocol] = 6;
  bytes[at + wire.flowKey.family] = 4;
  bytes.writeUInt32LE(ifindex, at + wire.flowKey.ifindex);
}

function writeFlow(
  pen: Pen,
  conversation: Conversation,
  ifindex: number,
  ingress: 0 | 1,
  kind: number,
  atNs: number,
): void {
  const at = pen.record(wire.recordType.flow, wire.flowRecord.size);
  const { bytes } = pen;
  const { clientIsA } = conversation;
  writeKey(pen, at + wire.flowRecord.key, conversation, ifindex);
  pen.writeWide(at + wire.flowRecord.first_mono_ns, conversation.startedNs);
  pen.writeWide(at + wire.flowRecord.last_mono_ns, atNs - 0.2 * second);
  for (const direction of [0, 1] as const) {
    const isRequest = (direction === 0) === clientIsA;
    pen.writeWide(at + wire.flowRecord.bytes + direction * 8, isRequest ? 5200 : 48_300);
    pen.writeWide(at + wire.flowRecord.packets + direction * 8, isRequest ? 31 : 40);
    const opening = isRequest ? 0x02 : synAck;
    bytes.writeUInt16LE(0x18 | (kind & wire.flowStart ? opening : 0), at + wire.flowRecord.tcp_flags + direction * 2);
    bytes[at + wire.flowRecord.ingress + direction] = isRequest ? ingress : 1 - ingress;
  }
  bytes[at + wire.flowRecord.kind] = kind;
  bytes[at + wire.flowRecord.end_cause] = kind & wire.flowEnd ? 1 : 0;
  bytes[at + wire.flowRecord.initiator] = clientIsA ? 0 : 1;
  bytes[at + wire.flowRecord.rst_by] = 2;
  bytes.writeUInt32LE(430, at + wire.flowRecord.srtt_us);
  bytes.writeUInt32LE(kind & wire.flowStart ? 390 : 0, at + wire.flowRecord.handshake_us);
}

export function createProbeTraffic(plan: TrafficPlan): ProbeTraffic {
  const random = createRandom(plan.seed);
  const peer = (index: number): Peer => ({
    address: address(podAddress(index)),
    ifindex: index < localPods ? firstVeth + index : 0,
  });
  const pods = Array.from({ length: localPods + remotePods }, (_, index) => peer(index));
  const outside = Array.from({ length: 50 }, (_, at): Peer => ({
    address: address(`203.0.113.${at + 1}`),
    ifindex: 0,
  }));
  const here = pods.slice(0, localPods);
  const there = pods.slice(localPods);

  let nextPort = 32768;
  const dial = (conversation: Conversation, atNs: number): void => {
    conversation.clientPort = nextPort;
    nextPort = nextPort === 60999 ? 32768 : nextPort + 1;
    const order = conversation.client.address.compare(conversation.server.address);
    conversation.clientIsA = order === 0 ? conversation.clientPort < conversation.serverPort : order < 0;
    conversation.startedNs = atNs;
    conversation.isNew = true;
    conversation.sequences[0] = Math.floor(random() * high);
    conversation.sequences[1] = Math.floor(random() * high);
  };
  const conversations = Array.from({ length: plan.conversations }, (_, at): Conversation => {
    const client = pick(here, random);
    const isHttp = at % 5 !== 4;
    const others = at % 10 < 4 ? here.filter((other) => other !== client) : at % 10 < 8 ? there : outside;
    const server = pick(others, random);
    const serverPort = isHttp ? 8080 : 443;
    return {
      client,
      server,
      serverPort,
      clientPort: 0,
      clientIsA: true,
      startedNs: 0,
      isNew: true,
      sequences: [0, 0],
      isHttp,
    };
  });
  const speakers = conversations.filter(({ isHttp }) => isHttp);
  const requests = requestsOf(random);
  const responses = responsesOf(random);
  const flowRecords = plan.conversations * 2;
  const exchanges = plan.hasHttp ? (plan.requests ?? Math.round(flowRecords / 8)) : 0;
  const longest = Math.max(...[...requests, ...responses].map(({ length }) => length)) + wire.l7Record.size + 8;
  const size =
    flowRecords * wire.flowRecord.size + exchanges * 2 * longest + (flowRecords / recordsPerFrame + 100) * 64;
  const pens = [
    createPen((size + 4096) & ~7, plan.realOffsetNs),
    createPen((size + 4096) & ~7, plan.realOffsetNs),
  ] as const;
  let scans = 0;
  let sequence = 0;
  let speaker = 0;
  let nextRequest = 0;

  const writeSegment = (pen: Pen, conversation: Conversation, sender: 0 | 1, payload: Buffer, atNs: number): void => {
    const at = pen.record(wire.recordType.l7, wire.l7Record.size + payload.length);
    const { bytes } = pen;
    writeKey(pen, at + wire.l7Record.key, conversation, conversation.client.ifindex);
    pen.writeWide(at + wire.l7Record.mono_ns, atNs);
    bytes.writeUInt32LE(conversation.sequences[sender], at + wire.l7Record.sequence);
    bytes.writeUInt32LE(payload.length, at + wire.l7Record.payload_length);
    bytes.writeUInt32LE(payload.length, at + wire.l7Record.captured);
    bytes[at + wire.l7Record.sender] = (sender === 0) === conversation.clientIsA ? 0 : 1;
    bytes[at + wire.l7Record.copy_mode] = wire.l7Copy.all;
    payload.copy(bytes, at + wire.l7Record.size);
    conversation.sequences[sender] = (conversation.sequences[sender] + payload.length) >>> 0;
  };

  const writeExchanges = (pen: Pen, atNs: number): void => {
    const perFrame = Math.ceil(exchanges / framesOfL7);
    for (let done = 0; done < exchanges; done += 1) {
      const requestNs = Math.floor(atNs - second + (done / exchanges) * 0.9 * second);
      if (done % perFrame === 0) pen.openFrame(wire.frameType.events, sequence++, requestNs + 1e6);
      const conversation = speakers[speaker];
      speaker = (speaker + 1) % speakers.length;
      const [request, response] = [requests[nextRequest % 64], responses[nextRequest % 61]];
      nextRequest += 1;
      if (conversation === undefined || request === undefined || response === undefined) throw new Error('no traffic');
      writeSegment(pen, conversation, 0, request, requestNs);
      writeSegment(pen, conversation, 1, response, requestNs + 3e6);
    }
  };

  const writeFlows = (pen: Pen, atNs: number): void => {
    let written = 0;
    conversations.forEach((conversation, index) => {
      if (written % recordsPerFrame === 0) pen.openFrame(wire.frameType.events, sequence++, atNs);
      const isEnding = !conversation.isNew && (index + scans) % turnover === 0;
      const kind = (conversation.isNew ? wire.flowStart : update) | (isEnding ? wire.flowEnd : 0);
      const { client, server } = conversation;
      writeFlow(pen, conversation, client.ifindex, 1, kind, atNs);
      writeFlow(pen, conversation, server.ifindex || uplink, 0, kind, atNs);
      written += 2;
      conversation.isNew = false;
      if (isEnding) dial(conversation, atNs + 0.1 * second);
    });
  };

  const writeInterfaces = (pen: Pen): void => {
    const write = (ifindex: number, name: string, netns: number, addresses: readonly string[]): void => {
      const at = pen.record(wire.recordType.interface, wire.interfaceRecord.size + addresses.length * 16);
      const { bytes } = pen;
      bytes.writeUInt32LE(ifindex, at + wire.interfaceRecord.ifindex);
      bytes.writeUInt32LE(1, at + wire.interfaceRecord.state);
      bytes.writeUInt32LE(netns, at + wire.interfaceRecord.peer_netns_inum);
      bytes.writeUInt32LE(netns === 0 ? 0 : 1, at + wire.interfaceRecord.is_veth);
      bytes.write(name, at + wire.interfaceRecord.name);
      bytes.writeUInt32LE(addresses.length, at + wire.interfaceRecord.address_count);
      addresses.forEach((text, index) => address(text).copy(bytes, at + wire.interfaceRecord.size + index * 16));
    };
    write(uplink, 'eth0', 0, [nodeAddress]);
    here.forEach((_pod, index) => write(firstVeth + index, `veth${index}`, firstNetns + index, []));
  };

  return {
    records: flowRecords + exchanges * 2,
    requests: exchanges,
    greeting(atNs) {
      const changes = cluster().map((change) => Buffer.from(JSON.stringify(change)));
      const room = changes.reduce((sum, { length }) => sum + length, 0);
      const pen = createPen((room + 65_536) & ~7, plan.realOffsetNs);
      const text = Buffer.from('kernel=6.18.0\n');
      pen.openFrame(wire.frameType.hello, sequence++, atNs);
      const at = pen.body((wire.hello.size + text.length + 7) & ~7);
      pen.bytes.writeUInt32LE(text.length, at + wire.hello.text_length);
      pen.bytes.writeUInt32LE(1000, at + wire.hello.scan_interval_ms);
      pen.bytes.writeUInt32LE(firstNetns - 1, at + wire.hello.netns_inum);
      text.copy(pen.bytes, at + wire.hello.size);
      for (const change of changes) {
        pen.openFrame(wire.frameType.recordedKubernetes, 0, atNs);
        const padded = pen.body((change.length + 7) & ~7);
        pen.bytes.fill(' ', padded, padded + ((change.length + 7) & ~7));
        change.copy(pen.bytes, padded);
      }
      pen.openFrame(wire.frameType.events, sequence++, atNs);
      writeInterfaces(pen);
      for (const conversation of conversations) dial(conversation, atNs);
      return pen.end();
    },
    scan(atNs) {
      const pen = pens[(scans & 1) as 0 | 1];
      pen.begin();
      writeExchanges(pen, atNs);
      writeFlows(pen, atNs);
      pen.openFrame(wire.frameType.stats, sequence++, atNs + 1e6);
      pen.body(wire.probeStats.length * 8);
      scans += 1;
      return pen.end();
    },
  };
}
