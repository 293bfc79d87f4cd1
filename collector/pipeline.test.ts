import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounters } from './counters.ts';
import { formatAddress } from './decode/address.ts';
import { createFrameParser } from './decode/frame-parser.ts';
import * as fixture from './decode/frames.fixture.ts';
import { bootedNs, drop, flow, networkInterface, payload, realOffsetNs, second } from './decode/frames.fixture.ts';
import { dropRecordFirstSize, flowEnd, flowStart, l7Copy, recordHeader } from './decode/wire.ts';
import { createIdentity } from './identity/identity.ts';
import { createPipeline } from './pipeline.ts';
import { chosenVersion, clientHello, protocols, serverHello, serverName } from './protocol/tls.fixture.ts';
import { keepRows, type Row } from './sink/rows.fixture.ts';
import {
  connectResults,
  encryptions,
  endCauses,
  flowKinds,
  l7Types,
  reporters,
  ternaries,
  trafficDirections,
  tunnels,
  verdicts,
} from '../model/words.ts';

const update = 2;
/** Two pods behind veths, an uplink with the node's address, and a router's second leg. */
const host = [
  networkInterface({ ifindex: 3, name: 'vethA', peerNetns: 101, peerNetnsName: 'a' }),
  networkInterface({ ifindex: 4, name: 'vethB', peerNetns: 102, peerNetnsName: 'b' }),
  networkInterface({ ifindex: 2, name: 'eth0', addresses: ['192.0.2.1'] }),
  networkInterface({ ifindex: 7, name: 'eth1' }),
  networkInterface({ ifindex: 5, name: 'cni0', addresses: ['10.0.0.254'] }),
];

function collect() {
  const kept = keepRows();
  const counters = createCounters();
  const identity = createIdentity({ node: 'node-1', namesLimit: 100, namesKeepNs: 3600 * second });
  const verdictsSent: number[] = [];
  const pipeline = createPipeline(
    { cluster: 'c', node: 'node-1', source: 'probe', shiftNs: 0n, firstRowId: 1n },
    {
      identity,
      counters,
      writer: kept,
      onVerdict: (_key, copy) => verdictsSent.push(copy),
      onHello: () => undefined,
      onGoodbye: () => undefined,
      onRecordedChange: (change) => void identity.applyKubernetes(change, 0),
    },
  );
  const frames = fixture.createFrames();
  const parser = createFrameParser();
  const play = (bytes: Buffer): void => {
    const parsed = parser.push(bytes, (frame) => pipeline.frame(frame));
    if (!parsed.ok) throw new Error(parsed.error.message);
  };
  play(frames.hello());
  play(frames.events(host));
  return {
    ...kept,
    counters,
    verdictsSent,
    identity,
    pipeline,
    /** One scan, at that many seconds after boot. */
    scan: (at: number, records: readonly Buffer[]) => play(frames.events(records, bootedNs + at * second)),
    stats: (at: number, values: Readonly<Record<string, number>> = {}) =>
      play(frames.stats(values, bootedNs + at * second)),
    hello: (bootId: bigint, at: number) => play(frames.hello([], bootId, bootedNs + at * second)),
  };
}

/** The columns that tell who counted what, in words. */
function told(row: Row | undefined): object {
  if (row === undefined) return {};
  const counts = (prefix: string): number[] =>
    ['packets_to_dst', 'packets_to_src', 'bytes_to_dst', 'bytes_to_src'].map((name) => Number(row[`${prefix}${name}`]));
  return {
    kind: flowKinds[Number(row['kind'])],
    reporter: reporters[Number(row['reporter'])],
    from: `${formatAddress(String(row['src_ip']))}:${Number(row['src_port'])}`,
    to: `${formatAddress(String(row['dst_ip']))}:${Number(row['dst_port'])}`,
    counts: counts(''),
    peer: row['both_ends'] === 1 ? counts('peer_') : null,
    via: row['interface'],
    connections: row['connections'],
  };
}

const old = { first: bootedNs - 5 * second, last: bootedNs - second };

describe('sightings of one connection', () => {
  it('become one row with both ends when both pods are here', () => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, [
      flow({ ifindex: 4, ingress: [0, 1], packets: [3, 2] }),
      flow({ ifindex: 3, ingress: [1, 0], packets: [4, 2] }),
    ]);
    pipeline.flush(false);
    expect(flowRows.map(told)).toEqual([
      {
        kind: 'connection_start',
        reporter: 'source',
        from: '10.0.0.1:40000',
        to: '10.0.0.2:80',
        counts: [4, 2, 400, 200],
        peer: [3, 2, 300, 200],
        via: 'vethA',
        connections: 1,
      },
    ]);
    expect(flowRows[0]).toMatchObject({
      direction: trafficDirections.indexOf('EGRESS'),
      is_reply: ternaries.indexOf('no'),
      verdict: verdicts.indexOf('FORWARDED'),
      time: realOffsetNs + BigInt(bootedNs),
      src_workload: 'a',
      src_workload_kind: 'netns',
      dst_workload: 'b',
    });
  });

  it('make the opener the source, whichever address is lower', () => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, [
      flow({ ifindex: 3, portA: 80, portB: 50000, initiator: 1, ingress: [1, 0], packets: [2, 5] }),
      flow({ ifindex: 4, portA: 80, portB: 50000, initiator: 1, ingress: [0, 1], packets: [2, 6] }),
    ]);
    pipeline.flush(false);
    expect(told(flowRows[0])).toMatchObject({
      from: '10.0.0.2:50000',
      to: '10.0.0.1:80',
      counts: [6, 2, 600, 200],
      peer: [5, 2, 500, 200],
      via: 'vethB',
    });
  });

  it.each<[string, readonly Buffer[], object]>([
    [
      'pod to outside: the uplink in the middle does not count again',
      [flow({ ...old, ifindex: 3, b: '203.0.113.9' }), flow({ ...old, ifindex: 2, b: '203.0.113.9', ingress: [0, 1] })],
      { reporter: 'source', via: 'vethA', peer: null, counts: [1, 1, 100, 100] },
    ],
    [
      'pod to outside over a bridge',
      [
        flow({ ...old, ifindex: 5, b: '203.0.113.9', packets: [9, 9] }),
        flow({ ...old, ifindex: 3, b: '203.0.113.9' }),
        flow({ ...old, ifindex: 2, b: '203.0.113.9', ingress: [0, 1] }),
      ],
      { reporter: 'source', via: 'vethA', peer: null, counts: [1, 1, 100, 100] },
    ],
    [
      'outside to pod',
      [
        flow({ ...old, ifindex: 2, b: '203.0.113.9', initiator: 1, ingress: [0, 1] }),
        flow({ ...old, ifindex: 3, b: '203.0.113.9', initiator: 1, packets: [7, 8] }),
      ],
      { reporter: 'destination', via: 'vethA', peer: null, from: '203.0.113.9:80', counts: [8, 7, 800, 700] },
    ],
    [
      'the node itself to outside',
      [flow({ ...old, ifindex: 2, a: '192.0.2.1', b: '203.0.113.9', ingress: [0, 1] })],
      { reporter: 'source', via: 'eth0', peer: null },
    ],
    [
      'outside to the node itself',
      [flow({ ...old, ifindex: 2, a: '192.0.2.1', b: '203.0.113.9', initiator: 1, ingress: [0, 1] })],
      { reporter: 'destination', via: 'eth0', peer: null },
    ],
    [
      'the node itself to its pod',
      [flow({ ...old, ifindex: 4, a: '10.0.0.2', b: '192.0.2.1', initiator: 1, ingress: [1, 0] })],
      { reporter: 'source', via: 'vethB', peer: null, from: '192.0.2.1:80' },
    ],
    [
      'a pod to an address that the node translated: only the far end sees this pair',
      [flow({ ...old, ifindex: 4, ingress: [0, 1] })],
      { reporter: 'destination', via: 'vethB', peer: null },
    ],
    [
      'forwarded between two legs of a router',
      [
        flow({ ...old, ifindex: 2, a: '198.51.100.1', b: '203.0.113.9', packets: [2, 1] }),
        flow({ ...old, ifindex: 7, a: '198.51.100.1', b: '203.0.113.9', ingress: [0, 1] }),
      ],
      { reporter: 'source', via: 'eth0', counts: [2, 1, 200, 100], peer: [1, 1, 100, 100] },
    ],
  ])('%s', (_name, records, expected) => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, records);
    pipeline.flush(false);
    expect(flowRows).toHaveLength(1);
    expect(told(flowRows[0])).toMatchObject(expected);
  });

  it('wait one scan for an end that had not been counted yet', () => {
    const { scan, stats, flowRows } = collect();
    scan(1, [flow({ ifindex: 4, ingress: [0, 1], first: bootedNs + 0.95 * second })]);
    stats(1.2);
    expect(flowRows).toHaveLength(0);
    scan(2, [flow({ ifindex: 3, ingress: [1, 0], first: bootedNs + 0.95 * second })]);
    stats(2.2);
    expect(flowRows.map(told)).toMatchObject([
      { reporter: 'source', via: 'vethA', peer: [1, 1, 100, 100], connections: 1 },
    ]);
  });

  it('add up to the truth over scans, and open one connection', () => {
    const { scan, stats, flowRows } = collect();
    for (let at = 1; at <= 4; at += 1) {
      const kind = at === 1 ? flowStart : at === 4 ? flowEnd : update;
      const last = bootedNs + (at - 0.5) * second;
      const common = { kind, last, endCause: at === 4 ? 1 : 0, packets: [at, 1] } as const;
      scan(at, [flow({ ...common, ifindex: 3 }), flow({ ...common, ifindex: 4, ingress: [0, 1] })]);
      stats(at + 0.2);
    }
    expect(flowRows.map((row) => flowKinds[Number(row['kind'])])).toEqual([
      'connection_start',
      'connection_update',
      'connection_update',
      'connection_end',
    ]);
    const sum = (name: string): number => flowRows.reduce((total, row) => total + Number(row[name]), 0);
    expect([sum('packets_to_dst'), sum('peer_packets_to_dst'), sum('connections')]).toEqual([10, 10, 1]);
    expect(flowRows.map((row) => endCauses[Number(row['end_cause'])])).toEqual(['', '', '', 'FIN']);
    expect(new Set(flowRows.map((row) => row['connection_id'])).size).toBe(1);
    expect(flowRows.at(-1)?.['duration_ns']).toBe(BigInt(3.5 * second));
  });

  it.each([
    { endCause: 2, rstBy: 2, told: 'RST' },
    { endCause: 2, rstBy: 0, initiator: 0, told: 'RST_BY_SOURCE' },
    { endCause: 2, rstBy: 1, initiator: 0, told: 'RST_BY_DESTINATION' },
    { endCause: 2, rstBy: 0, initiator: 1, told: 'RST_BY_DESTINATION' },
    { endCause: 3, rstBy: 0, told: 'TIMEOUT' },
  ])('that ended with cause $endCause, reset by $rstBy and opened by $initiator, ended by $told', ({ told, ...of }) => {
    const { scan, stats, flowRows } = collect();
    scan(1, [flow({ kind: flowStart | flowEnd, ifindex: 3, ...of })]);
    stats(1.2);
    scan(6, []);
    stats(6.2);
    expect(flowRows.map((row) => endCauses[Number(row['end_cause'])])).toEqual([told]);
  });

  it('end once, when the end is told in two scans', () => {
    const { scan, stats, flowRows, pipeline } = collect();
    scan(1, [flow({ ...old, ifindex: 3 }), flow({ ...old, ifindex: 4, ingress: [0, 1] })]);
    scan(2, [flow({ ...old, ifindex: 3, kind: flowEnd, packets: [1, 0] })]);
    stats(2.3);
    scan(3, [flow({ ...old, ifindex: 4, kind: flowEnd, ingress: [0, 1], packets: [1, 0] })]);
    stats(3.3);
    expect(flowRows.map((row) => flowKinds[Number(row['kind'])])).toEqual(['connection_start', 'connection_end']);
    expect(told(flowRows[1])).toMatchObject({ counts: [1, 0, 100, 0], peer: [1, 0, 100, 0] });
    expect(pipeline.connections).toBe(0);
  });

  it('add up to what each end counted, however the records fall into scans', () => {
    const count = fc.tuple(fc.nat(50), fc.nat(50));
    const step = fc.record({ source: fc.option(count), destination: fc.option(count), middle: fc.option(count) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const { scan, stats, flowRows } = collect();
        const truth = { source: [0, 0], destination: [0, 0] };
        steps.forEach((one, index) => {
          const at = index + 1;
          const isLast = at === steps.length;
          const kind = (at === 1 ? flowStart : update) | (isLast ? flowEnd : 0);
          const common = { kind, endCause: isLast ? 1 : 0, last: bootedNs + (at - 0.05) * second } as const;
          const records: Buffer[] = [];
          // Both ends are seen first and last, as the kernel does; between, an end may be silent.
          const bound = at === 1 || isLast ? ([1, 1] as const) : null;
          const source = one.source ?? bound;
          const destination = one.destination ?? bound;
          if (source !== null) records.push(flow({ ...common, ifindex: 3, packets: source }));
          if (one.middle !== null) records.push(flow({ ...common, ifindex: 5, packets: one.middle }));
          if (destination !== null) {
            records.push(flow({ ...common, ifindex: 4, ingress: [0, 1], packets: destination }));
          }
          for (const direction of [0, 1] as const) {
            truth.source[direction] = (truth.source[direction] ?? 0) + (source?.[direction] ?? 0);
            truth.destination[direction] = (truth.destination[direction] ?? 0) + (destination?.[direction] ?? 0);
          }
          scan(at, records);
          stats(at + 0.2);
        });
        stats(steps.length + 2);
        const sum = (name: string): number => flowRows.reduce((total, row) => total + Number(row[name]), 0);
        expect([sum('packets_to_dst'), sum('packets_to_src')]).toEqual(truth.source);
        expect([sum('peer_packets_to_dst'), sum('peer_packets_to_src')]).toEqual(truth.destination);
        expect(sum('connections')).toBe(1);
        const ends = flowRows.filter((row) => flowKinds[Number(row['kind'])] === 'connection_end');
        expect(ends.length).toBe(1);
      }),
      { numRuns: 60 },
    );
  });

  it('of ports used again are a new conversation under the same id', () => {
    const { scan, stats, flowRows } = collect();
    for (const at of [1, 3]) {
      scan(at, [
        flow({ first: bootedNs + at * second - 0.5 * second, ifindex: 3, kind: flowStart | flowEnd, endCause: 1 }),
      ]);
      stats(at + 0.2);
    }
    expect(flowRows.map(told)).toMatchObject([
      { kind: 'connection_end', connections: 1 },
      { kind: 'connection_end', connections: 1 },
    ]);
    expect(flowRows[0]?.['connection_id']).toBe(flowRows[1]?.['connection_id']);
  });
});

describe('who opened a connection that was joined', () => {
  it('is known from a listening socket', () => {
    const { scan, flowRows, pipeline } = collect();
    const listener = fixture.socket({ local: '::', localPort: 40000, netns: 101, comm: 'server' });
    scan(1, [
      listener,
      flow({ ...old, ifindex: 3, initiator: 2, kind: update }),
      flow({ ...old, ifindex: 4, initiator: 2, kind: update, ingress: [0, 1] }),
    ]);
    pipeline.flush(false);
    expect(told(flowRows[0])).toMatchObject({
      from: '10.0.0.2:80',
      to: '10.0.0.1:40000',
      connections: 0,
      kind: 'connection_update',
    });
    expect(flowRows[0]).toMatchObject({ is_reply: ternaries.indexOf('no'), dst_process: 'server' });
  });

  it.each([
    { name: 'is inferred from a privileged port that faces an ephemeral one', portA: 443, told: 'no' as const },
    { name: 'is guessed from other ports, and then nothing is claimed', portA: 8443, told: 'unknown' as const },
  ])('$name', ({ portA, told: isReply }) => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, [flow({ ...old, ifindex: 3, portA, portB: 51000, initiator: 2, kind: update })]);
    pipeline.flush(false);
    expect(told(flowRows[0])).toMatchObject({ to: `10.0.0.1:${portA}` });
    expect(flowRows[0]?.['is_reply']).toBe(ternaries.indexOf(isReply));
  });

  it('is not the DNS server, even if its answer was seen first', () => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, [flow({ ...old, ifindex: 3, protocol: 17, portA: 53, portB: 51000, initiator: 0 })]);
    pipeline.flush(false);
    expect(told(flowRows[0])).toMatchObject({ from: '10.0.0.2:51000', to: '10.0.0.1:53' });
  });
});

describe('how a connection opened', () => {
  const [syn, synAck, ack, rst, rstAck] = [0x02, 0x12, 0x10, 0x04, 0x14];
  const results = (rows: readonly Row[]) =>
    rows.map((row) => [connectResults[Number(row['connect_result'])], verdicts[Number(row['verdict'])]]);
  const asked = { ...old, ifindex: 3, ingress: [1, 2], packets: [1, 0] } as const;

  it.each<{ name: string; told: Parameters<typeof flow>[0]; expected: readonly [string, string] }>([
    {
      name: 'is told when the handshake was seen',
      told: { ...old, flags: [syn | ack, synAck], handshakeUs: 180 },
      expected: ['ESTABLISHED', 'FORWARDED'],
    },
    {
      name: 'is not told while the last step of the handshake is missing',
      told: { ...old, flags: [syn, synAck] },
      expected: ['', 'FORWARDED'],
    },
    {
      name: 'is not told of one that was joined',
      told: { ...old, flags: [ack, ack], initiator: 2, kind: update },
      expected: ['', 'FORWARDED'],
    },
    {
      name: 'is a refusal when a reset answers',
      told: { ...old, flags: [syn, rstAck], kind: flowStart | flowEnd, endCause: 2 },
      expected: ['REFUSED', 'ERROR'],
    },
    {
      name: 'is no refusal when a reset ends what was open',
      told: { ...old, flags: [syn | ack, synAck | rst], kind: flowStart | flowEnd, endCause: 2 },
      expected: ['ESTABLISHED', 'FORWARDED'],
    },
    {
      name: 'is a refusal when a firewall says that the port is closed',
      told: { ...asked, flags: [syn, 0], icmpErrors: [1, 3, 3] },
      expected: ['REFUSED', 'ERROR'],
    },
    {
      name: 'is unreachable when an ICMP error says so',
      told: { ...asked, flags: [syn, 0], icmpErrors: [1, 3, 1] },
      expected: ['UNREACHABLE', 'ERROR'],
    },
    {
      name: 'is unreachable in IPv6 as well',
      told: { ...asked, a: 'fd00::1', b: 'fd00::2', flags: [syn, 0], icmpErrors: [1, 1, 3] },
      expected: ['UNREACHABLE', 'ERROR'],
    },
    {
      name: 'did not fail for a packet that was too big',
      told: { ...asked, flags: [syn, 0], icmpErrors: [1, 3, 4] },
      expected: ['', 'FORWARDED'],
    },
    {
      name: 'had no answer when it ended without one',
      told: { ...asked, flags: [syn, 0], kind: flowStart | flowEnd, endCause: 3 },
      expected: ['NO_ANSWER', 'ERROR'],
    },
    {
      name: 'is a refusal when a datagram meets a closed port',
      told: { ...asked, protocol: 17, portB: 5000, icmpErrors: [1, 3, 3] },
      expected: ['REFUSED', 'ERROR'],
    },
    {
      name: 'did not fail when a client had left before the last answer',
      told: { ...old, protocol: 17, portB: 5000, icmpErrors: [1, 3, 3] },
      expected: ['', 'FORWARDED'],
    },
  ])('$name', ({ told: fields, expected }) => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, [flow({ ifindex: 3, ...fields })]);
    pipeline.flush(true);
    expect(results(flowRows)).toEqual([expected]);
  });

  it('is told once, with the time the handshake took at the end that opened it', () => {
    const { scan, stats, flowRows } = collect();
    const both = (at: number, fields: Parameters<typeof flow>[0]) => {
      const last = bootedNs + (at - 0.5) * second;
      scan(at, [
        flow({ ...old, ...fields, last, ifindex: 4, ingress: [0, 1], handshakeUs: at === 1 ? 90 : 0 }),
        flow({ ...old, ...fields, last, ifindex: 3, handshakeUs: at === 1 ? 120 : 0 }),
      ]);
      stats(at + 0.2);
    };
    both(1, { flags: [syn, synAck] });
    both(2, { flags: [ack, ack], kind: update });
    both(3, { flags: [ack, ack], kind: update });
    expect(results(flowRows).map(([result]) => result)).toEqual(['', 'ESTABLISHED', '']);
    expect(flowRows.map((row) => row['handshake_us'])).toEqual([0, 120, 0]);
  });

  it('has no answer after ten seconds of silence, although its sender still waits', () => {
    const { scan, stats, flowRows } = collect();
    scan(1, [flow({ ifindex: 3, ingress: [1, 2], packets: [1, 0], flags: [syn, 0], first: bootedNs + 0.5 * second })]);
    for (let at = 2; at <= 13; at += 1) stats(at + 0.2);
    scan(16, [
      flow({
        ifindex: 3,
        ingress: [1, 2],
        packets: [1, 0],
        flags: [syn, 0],
        kind: update | flowEnd,
        endCause: 3,
        first: bootedNs + 0.5 * second,
        last: bootedNs + 15 * second,
      }),
    ]);
    stats(17.2);
    expect(results(flowRows)).toEqual([
      ['', 'FORWARDED'],
      ['NO_ANSWER', 'ERROR'],
      ['', 'FORWARDED'],
    ]);
    expect(flowRows.map((row) => Number(row['packets_to_dst']))).toEqual([1, 0, 1]);
  });

  it('is DROPPED, with the reason, when a drop explains the failure', () => {
    const { scan, stats, flowRows } = collect();
    scan(1, [flow({ ...asked, flags: [syn, 0] }), drop({ packets: 1, tcpFlags: syn, device: 'vethA' })]);
    stats(1.2);
    for (let at = 2; at <= 13; at += 1) stats(at + 0.2);
    expect(results(flowRows)).toEqual([
      ['', 'DROPPED'],
      ['', 'DROPPED'],
      ['NO_ANSWER', 'DROPPED'],
    ]);
    expect(flowRows.at(-1)).toMatchObject({ drop_reason: 'NETFILTER_DROP' });
  });

  it('begins anew when the same ports are used again', () => {
    const { scan, stats, flowRows } = collect();
    const again = (at: number, flags: readonly [number, number]) => {
      const first = bootedNs + (at - 0.5) * second;
      scan(at, [flow({ first, ifindex: 3, kind: flowStart | flowEnd, endCause: 1, flags })]);
      stats(at + 0.2);
    };
    again(1, [syn | ack, synAck]);
    again(3, [syn, rstAck]);
    again(5, [syn | ack, synAck]);
    expect(results(flowRows).map(([result]) => result)).toEqual(['ESTABLISHED', 'REFUSED', 'ESTABLISHED']);
  });

  it('is not known from the short records of the first release', () => {
    const { scan, flowRows, pipeline } = collect();
    const short = flow({ ...old, ifindex: 3, handshakeUs: 9, icmpErrors: [4, 3, 1] }).subarray(0, 136);
    short.writeUInt32LE(136, 4);
    scan(1, [short]);
    pipeline.flush(false);
    expect(flowRows).toHaveLength(1);
    expect(flowRows[0]).toMatchObject({ handshake_us: 0, icmp_errors: 0, zero_windows: 0, tunnel: 0, encryption: 0 });
  });
});

describe('what the packets met', () => {
  it('is counted at the reporting end, both ways together, and from nothing in the next row', () => {
    const { scan, stats, flowRows } = collect();
    const health = { zeroWindows: [2, 1], resets: [0, 1], icmpErrors: [3, 3, 4] } as const;
    scan(1, [flow({ ...old, ...health, ifindex: 3 }), flow({ ...old, ...health, ifindex: 4, ingress: [0, 1] })]);
    stats(1.2);
    scan(2, [flow({ ...old, ifindex: 3, kind: update })]);
    stats(2.2);
    expect(flowRows.map((row) => [row['zero_windows'], row['resets'], row['icmp_errors']])).toEqual([
      [3, 1, 3],
      [0, 0, 0],
    ]);
  });

  it('is a row even when an ICMP error came and no packet', () => {
    const { scan, stats, flowRows } = collect();
    scan(1, [flow({ ...old, ifindex: 3 })]);
    stats(1.2);
    scan(2, [flow({ ...old, ifindex: 3, kind: update, packets: [0, 0], icmpErrors: [1, 3, 4] })]);
    stats(2.2);
    expect(flowRows.map((row) => row['icmp_errors'])).toEqual([0, 1]);
  });

  it('says what the latest records told of encryption', () => {
    const { scan, stats, flowRows } = collect();
    const told = [2, 0, 1];
    told.forEach((encryption, index) => {
      const kind = index === 0 ? flowStart : update;
      scan(index + 1, [
        flow({ ...old, ifindex: 3, kind }),
        flow({ ...old, ifindex: 2, kind, encryption, ingress: [0, 1] }),
      ]);
      stats(index + 1.2);
    });
    expect(flowRows.map((row) => encryptions[Number(row['encryption'])])).toEqual(['wireguard', 'wireguard', 'none']);
    expect(flowRows.map((row) => ternaries[Number(row['encrypted'])])).toEqual(['yes', 'yes', 'no']);
  });
});

describe('a tunnel', () => {
  const vxlan = tunnels.indexOf('VXLAN');

  it('is another place where a conversation was seen, and does not count it again', () => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, [
      flow({ ...old, ifindex: 3, b: '10.9.0.2', packets: [4, 2] }),
      flow({ ...old, ifindex: 7, b: '10.9.0.2', packets: [4, 2], ingress: [0, 1] }),
      flow({ ...old, ifindex: 2, b: '10.9.0.2', packets: [9, 9], ingress: [0, 1], tunnel: vxlan, tunnelId: 42 }),
    ]);
    pipeline.flush(false);
    expect(flowRows.map(told)).toMatchObject([{ via: 'vethA', counts: [4, 2, 400, 200], peer: null }]);
    expect(flowRows[0]).toMatchObject({ tunnel: vxlan, tunnel_id: 42, is_tunnel: 0 });
  });

  it('is not where the node itself is counted, when a plain interface saw the same', () => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, [
      flow({ ...old, ifindex: 2, a: '192.0.2.1', ingress: [0, 1], tunnel: vxlan, tunnelId: 42, packets: [9, 9] }),
      flow({ ...old, ifindex: 7, a: '192.0.2.1', ingress: [0, 1], packets: [4, 2] }),
    ]);
    pipeline.flush(false);
    expect(flowRows.map(told)).toMatchObject([{ reporter: 'source', via: 'eth1', counts: [4, 2, 400, 200] }]);
  });

  it('has an outside that is a conversation of its own', () => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, [
      flow({ ...old, ifindex: 3 }),
      flow({
        ...old,
        ifindex: 2,
        a: '192.0.2.1',
        b: '192.0.2.9',
        protocol: 17,
        portB: 4789,
        carries: vxlan,
        ingress: [0, 1],
      }),
    ]);
    pipeline.flush(false);
    expect(flowRows.map((row) => [row['tunnel'], row['is_tunnel']])).toEqual([
      [0, 0],
      [vxlan, 1],
    ]);
  });
});

describe('conversations that come and go', () => {
  it('are never mixed up, and each counts what it counted', () => {
    const event = fc.record({ port: fc.nat(7), packets: fc.integer({ min: 1, max: 9 }), isLast: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.array(event, { maxLength: 8 }), { minLength: 1, maxLength: 12 }), (scans) => {
        const { scan, stats, flowRows, pipeline } = collect();
        const truth = new Map<number, number>();
        const open = new Set<number>();
        scans.forEach((events, index) => {
          const at = index + 1;
          const once = [...new Map(events.map((one) => [one.port, one])).values()];
          scan(
            at,
            once.map(({ port, packets, isLast }) => {
              const kind = (open.has(port) ? update : flowStart) | (isLast ? flowEnd : 0);
              if (isLast) open.delete(port);
              else open.add(port);
              truth.set(port, (truth.get(port) ?? 0) + packets);
              const last = bootedNs + (at - 0.5) * second;
              // Each conversation has a server of its own, so that a mixed up one is seen by its address.
              return flow({
                ifindex: 3,
                a: '10.0.0.1',
                b: `10.0.1.${port}`,
                portA: 40000 + port,
                kind,
                last,
                packets: [packets, 0],
              });
            }),
          );
          stats(at + 0.2);
        });
        stats(scans.length + 2);
        expect(pipeline.connections).toBe(open.size);
        const counted = new Map<number, number>();
        for (const row of flowRows) {
          const port = Number(row['src_port']) - 40000;
          expect(formatAddress(String(row['dst_ip']))).toBe(`10.0.1.${port}`);
          expect(row['dst_workload']).toBe(`10.0.1.${port}`);
          counted.set(port, (counted.get(port) ?? 0) + Number(row['packets_to_dst']));
        }
        expect(counted).toEqual(truth);
      }),
      { numRuns: 60 },
    );
  });

  it('leave their place only when their last row is written', () => {
    const { scan, stats, flowRows } = collect();
    const request = 'GET /late HTTP/1.1\r\nHost: api\r\n\r\n';
    scan(0.1, [payload({ payload: request })]);
    // It ends unanswered: that row is to be written while others take over.
    scan(1, [flow({ ...old, ifindex: 3, kind: flowStart | flowEnd, endCause: 2 })]);
    scan(
      1.15,
      [1, 2, 3].map((n) => flow({ ...old, ifindex: 4, a: `10.0.2.${n}`, b: `10.0.3.${n}`, portA: n, ingress: [0, 1] })),
    );
    stats(1.4);
    stats(2.6);
    const unanswered = flowRows.find((row) => flowKinds[Number(row['kind'])] === 'l7_request');
    expect(told(unanswered)).toMatchObject({
      from: '10.0.0.1:40000',
      to: '10.0.0.2:80',
      via: 'vethA',
      reporter: 'source',
    });
  });

  it('are forgotten after a while without a record, a part of the table at a time', () => {
    const { scan, stats, pipeline } = collect();
    scan(
      1,
      [1, 2, 3].map((n) => flow({ ...old, ifindex: 3, portA: n })),
    );
    stats(1.2);
    expect(pipeline.connections).toBe(3);
    stats(1000);
    stats(1001);
    expect(pipeline.connections).toBe(0);
  });
});

describe('drops', () => {
  const location = 0xffffffff81a2b3c4n;

  it('name reason and place, and count from the sender', () => {
    const { scan, flowRows, stats } = collect();
    scan(1, [
      fixture.symbol(location, 'nft_do_chain'),
      flow({ ...old, ifindex: 3, packets: [3, 0], ingress: [1, 2] }),
      drop({ location, packets: 3, bytes: 180, tcpFlags: 2, device: 'vethA' }),
    ]);
    stats(1.2);
    expect(told(flowRows[0])).toMatchObject({ kind: 'drop', reporter: 'source', counts: [3, 0, 180, 0], via: 'vethA' });
    expect(flowRows[0]).toMatchObject({
      verdict: verdicts.indexOf('DROPPED'),
      drop_reason: 'NETFILTER_DROP',
      drop_location: 'nft_do_chain',
      is_reply: ternaries.indexOf('no'),
    });
  });

  it('make a conversation DROPPED when nothing else of it came through, and only then', () => {
    const { scan, flowRows, stats } = collect();
    const verdictOf = (index: number) => verdicts[Number(flowRows[index]?.['verdict'])];
    scan(1, [
      fixture.symbol(location, 'nft_do_chain'),
      flow({ ...old, ifindex: 3, packets: [1, 0], ingress: [1, 2] }),
      drop({ location, packets: 1, bytes: 60, tcpFlags: 2, device: 'vethA' }),
    ]);
    stats(1.2);
    expect(told(flowRows[1])).toMatchObject({ kind: 'connection_start', counts: [1, 0, 100, 0] });
    expect(verdictOf(1)).toBe('DROPPED');
    expect(flowRows[1]).toMatchObject({ drop_reason: 'NETFILTER_DROP', drop_location: 'nft_do_chain' });

    scan(2, [
      flow({ ...old, ifindex: 3, packets: [3, 2], kind: update, last: bootedNs + second }),
      drop({ location, packets: 1, bytes: 60, device: 'vethA' }),
    ]);
    stats(2.2);
    expect(flowRows.slice(2).map(told)).toMatchObject([{ kind: 'drop' }, { kind: 'connection_update' }]);
    expect(verdictOf(3)).toBe('FORWARDED');
    expect(flowRows[3]).toMatchObject({ drop_reason: '' });
  });

  it('of the answering side are replies', () => {
    const { scan, flowRows, stats } = collect();
    scan(1, [
      flow({ ...old, ifindex: 3 }),
      flow({ ...old, ifindex: 4, ingress: [0, 1] }),
      drop({ sender: 1, reason: 999 }),
    ]);
    stats(1.2);
    expect(told(flowRows[0])).toMatchObject({ from: '10.0.0.2:80', to: '10.0.0.1:40000' });
    expect(flowRows[0]).toMatchObject({ is_reply: ternaries.indexOf('yes'), drop_reason: 'REASON_999' });
  });

  it('without a reason have one by their place or route, and a record of the first release has no route', () => {
    const { scan, flowRows, pipeline } = collect();
    const unspecified = { location, reason: 2 };
    const first = drop({ ...unspecified, routeError: 22 }).subarray(0, dropRecordFirstSize);
    first.writeUInt32LE(dropRecordFirstSize, recordHeader.length);
    scan(1, [fixture.symbol(location, 'ip_error'), drop({ ...unspecified, routeError: 22 }), first]);
    pipeline.flush(true);
    const drops = flowRows.filter((row) => row['kind'] === flowKinds.indexOf('drop'));
    expect(drops).toMatchObject([
      { drop_reason: 'ROUTE_BLACKHOLE', drop_location: 'ip_error' },
      { drop_reason: 'INPUT_ERROR', drop_location: 'ip_error' },
    ]);
  });
});

describe('application exchanges', () => {
  const request = 'GET /orders HTTP/1.1\r\nHost: api\r\n\r\n';
  const response = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

  it('are one row from client to server, and the kernel is told to go on copying', () => {
    const { scan, stats, flowRows, verdictsSent } = collect();
    scan(0.1, [payload({ payload: request, at: bootedNs })]);
    scan(0.2, [payload({ payload: response, sender: 1, at: bootedNs + 5e6 })]);
    scan(1, [flow({ ifindex: 3 }), flow({ ifindex: 4, ingress: [0, 1] })]);
    stats(1.2);
    expect(flowRows.map(told)).toMatchObject([
      { kind: 'l7_response', reporter: 'source', from: '10.0.0.1:40000', to: '10.0.0.2:80' },
      { kind: 'connection_start' },
    ]);
    expect(flowRows[0]).toMatchObject({
      http_method: 'GET',
      http_path: '/orders',
      http_status: 200,
      latency_ns: 5_000_000n,
    });
    expect(flowRows[0]?.['connection_id']).toBe(flowRows[1]?.['connection_id']);
    expect(verdictsSent).toEqual([l7Copy.all]);
  });

  it('that nobody answered are told when the connection ends', () => {
    const { scan, stats, flowRows } = collect();
    scan(0.1, [payload({ payload: request })]);
    scan(1, [flow({ ...old, ifindex: 3, kind: flowStart | flowEnd, endCause: 2 })]);
    stats(1.2);
    stats(2.4);
    expect(flowRows.map((row) => flowKinds[Number(row['kind'])]).sort()).toEqual(['connection_end', 'l7_request']);
  });

  it('give names to addresses before the connections of the same scan are written', () => {
    const { scan, stats, flowRows } = collect();
    const question = Buffer.from('0007010000010000000000000770617974657374000001', 'hex');
    const name = Buffer.from('\x03pay\x04test\0', 'latin1');
    const query = Buffer.concat([question.subarray(0, 12), name, Buffer.from([0, 1, 0, 1])]);
    const answer = Buffer.concat([
      Buffer.from('000781800001000100000000', 'hex'),
      name,
      Buffer.from([0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9]),
    ]);
    const dns = { protocol: 17, portA: 40001, portB: 53 };
    scan(1, [
      flow({ ...old, ifindex: 3, b: '203.0.113.9', portB: 443 }),
      flow({ ...old, ...dns, ifindex: 3 }),
      payload({ ...dns, payload: query, at: bootedNs }),
      payload({ ...dns, payload: answer, sender: 1, at: bootedNs + 2e6 }),
    ]);
    stats(1.2);
    expect(flowRows[0]).toMatchObject({
      dns_name: 'pay.test',
      dns_type: 'A',
      dns_rcode: 'NOERROR',
      dns_answers: ['203.0.113.9'],
    });
    const outside = flowRows.find((row) => row['dst_port'] === 443);
    expect(outside).toMatchObject({ dst_workload: 'pay.test', dst_workload_kind: 'name', dst_names: ['pay.test'] });
  });
});

describe('TLS', () => {
  it('is told on the rows of its connection, with what both hellos said', () => {
    const { scan, stats, flowRows } = collect();
    scan(0.1, [payload({ payload: clientHello([serverName('api.test'), protocols('h2')]) })]);
    scan(0.2, [payload({ payload: serverHello([chosenVersion(4)]), sender: 1 })]);
    scan(1, [flow({ ...old, ifindex: 3 })]);
    stats(1.2);
    expect(flowRows[0]).toMatchObject({
      l7_type: l7Types.indexOf('TLS'),
      tls_sni: 'api.test',
      tls_version: 'TLS 1.3',
      tls_alpn: 'h2',
      l7_error: '',
    });
  });
});

describe('coverage', () => {
  it('tells what was counted in each interval, and nothing of what was before', () => {
    const { stats, coverageRows, counters } = collect();
    stats(1, { packets_seen: 1000, ring_full: 50 });
    counters.add('http_gave_up_gap', 2);
    stats(2, { packets_seen: 1500, ring_full: 53, flow_map_entries: 9 });
    stats(3, { packets_seen: 1500, ring_full: 53 });
    const rows = coverageRows.map(({ component, counter, value, seconds }) => [component, counter, value, seconds]);
    expect(rows).toEqual([
      ['probe', 'packets_seen', 0n, 1],
      ['probe', 'packets_seen', 500n, 1],
      ['probe', 'ring_full', 3n, 1],
      ['collector', 'http_gave_up_gap', 2n, 1],
      ['probe', 'packets_seen', 0n, 1],
    ]);
  });

  it('counts a new probe from nothing, and goes on with one that it knows', () => {
    const { stats, hello, coverageRows } = collect();
    stats(1, { packets_seen: 1000 });
    hello(7n, 5);
    stats(6, { packets_seen: 1100, frames_lost: 40 });
    hello(8n, 7);
    stats(8, { packets_seen: 30 });
    const seen = coverageRows.map(({ counter, value }) => [counter, value]);
    expect(seen).toEqual([
      ['packets_seen', 0n],
      ['packets_seen', 100n],
      ['frames_lost', 40n],
      ['packets_seen', 30n],
    ]);
  });
});

describe('the pipeline', () => {
  it('counts records that are cut short or of unknown type', () => {
    const { scan, counters } = collect();
    const short = flow();
    short.writeUInt32LE(64, 4);
    scan(1, [short]);
    expect(counters.read('records_malformed')).toBeGreaterThan(0);
  });

  it('gives rows ids that rise', () => {
    const { scan, flowRows, pipeline } = collect();
    scan(1, [flow({ ...old, portA: 1 }), flow({ ...old, portA: 2 }), flow({ ...old, portA: 3 })]);
    pipeline.flush(true);
    expect(flowRows.map((row) => row['id'])).toEqual([1n, 2n, 3n]);
  });
});
