/** What sockets, failed calls and translations tell, seen in the rows that come out of the pipeline. */
import { describe, expect, it } from 'vitest';
import { clientHello, serverName } from './protocol/tls.fixture.ts';
import { connectResults, flowKinds, verdicts } from '../model/words.ts';
import { createCounters } from './counters.ts';
import { formatAddress } from './decode/address.ts';
import { createFrameParser } from './decode/frame-parser.ts';
import * as fixture from './decode/frames.fixture.ts';
import {
  bootedNs,
  failedCall,
  flow,
  networkInterface,
  payload,
  second,
  tcp,
  translation,
} from './decode/frames.fixture.ts';
import { flowEnd, flowStart } from './decode/wire.ts';
import { createIdentity } from './identity/identity.ts';
import { createPipeline } from './pipeline.ts';
import { keepRows, type Row } from './sink/rows.fixture.ts';

const established = 1;
const update = 2;
const host = [
  networkInterface({ ifindex: 3, name: 'vethA', peerNetns: 101, peerNetnsName: 'a' }),
  networkInterface({ ifindex: 4, name: 'vethB', peerNetns: 102, peerNetnsName: 'b' }),
  networkInterface({ ifindex: 2, name: 'eth0', addresses: ['192.0.2.1'] }),
];

function collect() {
  const kept = keepRows();
  const verdictsSent: number[] = [];
  const counters = createCounters();
  const identity = createIdentity({ node: 'node-1', namesLimit: 100, namesKeepNs: 3600 * second });
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
    rows: kept.flowRows,
    counters,
    verdictsSent,
    /** One scan, at that many seconds after boot, written at once. */
    scan: (at: number, records: readonly Buffer[]) => {
      play(frames.events(records, bootedNs + at * second));
      pipeline.flush(true);
    },
    stats: (at: number) => play(frames.stats({}, bootedNs + at * second)),
  };
}

function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0);
}

function ends(row: Row | undefined): string {
  const text = (side: string) => `${formatAddress(String(row?.[`${side}_ip`]))}:${Number(row?.[`${side}_port`])}`;
  return `${text('src')} ${text('dst')}`;
}

const both = flowStart | flowEnd;

describe('what a socket tells of its connection', () => {
  it('is on the row of a connection too short for the walk', () => {
    const { scan, rows } = collect();
    scan(1, [
      tcp({ state: established, oldState: 2, srttUs: 900 }),
      tcp({ srttUs: 250, retransmits: 3 }),
      flow({ kind: both, endCause: 1 }),
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ srtt_us: 250, retransmits: 3, socket_error: '' });
  });

  it('adds up to the total over all rows, whatever the walk said before', () => {
    const { scan, rows } = collect();
    scan(1, [tcp({ state: established, oldState: 2, srttUs: 900 }), flow({})]);
    scan(2, [walked(flow({ kind: update }), 2, 400)]);
    scan(3, [tcp({ srttUs: 250, retransmits: 5 }), flow({ kind: flowEnd, endCause: 1, packets: [0, 0] })]);
    expect(rows.map((row) => Number(row['retransmits']))).toEqual([0, 2, 3]);
    expect(rows.map((row) => Number(row['srtt_us']))).toEqual([900, 400, 250]);
    expect(sum(rows, 'retransmits')).toBe(5);
  });

  it('counts retransmits of both ends when both are here', () => {
    const { scan, rows } = collect();
    scan(1, [
      tcp({ state: established, oldState: 2, srttUs: 10 }),
      tcp({ state: established, oldState: 3, srttUs: 20, local: 1 }),
      tcp({ srttUs: 11, retransmits: 2 }),
      tcp({ srttUs: 21, retransmits: 4, local: 1 }),
      flow({ kind: both, endCause: 1 }),
    ]);
    // The round trip is the client's.
    expect(rows[0]).toMatchObject({ srtt_us: 11, retransmits: 6 });
  });

  it('leaves out what came before a connection was joined', () => {
    const { scan, rows } = collect();
    scan(1, [flow({ kind: update, initiator: 2 })]);
    scan(2, [tcp({ srttUs: 70, retransmits: 900 }), flow({ kind: flowEnd, initiator: 2, endCause: 1 })]);
    expect(sum(rows, 'retransmits')).toBe(0);
    expect(rows.at(-1)).toMatchObject({ srtt_us: 70 });
  });

  it('names the error it closed with', () => {
    const { scan, rows } = collect();
    scan(1, [tcp({ oldState: 2, error: 111 }), flow({ kind: both, endCause: 2, flags: [0x02, 0x14] })]);
    expect(rows[0]).toMatchObject({ socket_error: 'ECONNREFUSED', connect_result: connectResults.indexOf('REFUSED') });
  });

  it('is not said of the next connection on the same ports', () => {
    const { scan, rows } = collect();
    scan(1, [tcp({ state: established, oldState: 2 }), tcp({ retransmits: 7, error: 104 }), flow({ kind: both })]);
    scan(20, [
      tcp({ state: established, oldState: 2, srttUs: 5 }),
      flow({ kind: flowStart, first: bootedNs + 19 * second }),
    ]);
    expect(rows.at(-1)).toMatchObject({ retransmits: 0, socket_error: '', srtt_us: 5 });
  });

  it('is forgotten when no interface ever saw the connection', () => {
    const { scan, stats, rows } = collect();
    scan(1, [tcp({ retransmits: 7, oldState: 2 })]);
    stats(2);
    stats(130);
    scan(131, [flow({ first: bootedNs + 130 * second })]);
    expect(rows.at(-1)).toMatchObject({ retransmits: 0 });
  });
});

/** A flow record of whose socket a walk told. */
function walked(record: Buffer, retransmits: number, srttUs: number): Buffer {
  record.writeUInt32LE(retransmits, fixture.flowFieldAt.retransmits);
  record.writeUInt32LE(srttUs, fixture.flowFieldAt.srtt_us);
  return record;
}

describe('a call that failed before a packet', () => {
  it('is a row of its own with the errno and how often', () => {
    const { scan, rows } = collect();
    scan(1, [failedCall({ count: 4, unit: '/system.slice/backup.service' })]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      kind: flowKinds.indexOf('connection_end'),
      verdict: verdicts.indexOf('ERROR'),
      connect_result: connectResults.indexOf('LOCAL_ERROR'),
      socket_error: 'ENETUNREACH',
      connections: 4,
      src_process: 'curl',
      src_unit: 'backup.service',
      dst_port: 443,
    });
  });

  it('belongs to who is in the namespace, by an address that was seen to come from there', () => {
    const { scan, rows } = collect();
    scan(1, [flow({ a: '10.0.0.1', ifindex: 3, ingress: [1, 0] })]);
    scan(2, [failedCall({ netns: 101 })]);
    expect(ends(rows.at(-1))).toBe('10.0.0.1:0 198.51.100.1:443');
    expect(rows.at(-1)).toMatchObject({ src_workload: 'curl', dst_workload: '198.51.100.1' });
  });

  it('of the node itself has the address of the node', () => {
    const { scan, rows } = collect();
    scan(1, [failedCall({ netns: 1 })]);
    expect(ends(rows[0])).toBe('192.0.2.1:0 198.51.100.1:443');
  });

  it('keeps the address its socket was bound to', () => {
    const { scan, rows } = collect();
    scan(1, [failedCall({ local: 'fd00::5', localPort: 7, remote: '2001:db8::1', error: 13, protocol: 17 })]);
    expect(ends(rows[0])).toBe('fd00::5:7 2001:db8::1:443');
    expect(rows[0]).toMatchObject({ socket_error: 'EACCES', protocol: 'UDP' });
  });
});

describe('a connection to a service', () => {
  const before = { a: '10.0.0.1', portA: 40000, b: '10.96.0.10', portB: 80, ifindex: 3 };
  /** Ordered the other way round: the backend is the lower one. */
  const after = { a: '10.0.0.0', portA: 8080, b: '10.0.0.1', portB: 40000, ifindex: 4, initiator: 1 };
  const told = translation({ backend: ['10.0.0.0', 8080] });

  it('goes to the backend and says what was asked for', () => {
    const { scan, rows } = collect();
    scan(1, [told, flow({ ...before })]);
    expect(ends(rows[0])).toBe('10.0.0.1:40000 10.0.0.0:8080');
    expect(formatAddress(String(rows[0]?.['service_ip']))).toBe('10.96.0.10');
    expect(rows[0]).toMatchObject({ service_port: 80, connections: 1 });
  });

  it('is counted once when it is seen before and after the translation', () => {
    const { scan, rows } = collect();
    scan(1, [told, flow({ ...after, ingress: [1, 0] }), flow({ ...before, packets: [4, 3] })]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ connections: 1, packets_to_dst: 4n, packets_to_src: 3n });
  });

  it('is counted once when both were over within one scan', () => {
    const { scan, rows } = collect();
    const isShort = { kind: flowStart | flowEnd, endCause: 1 };
    scan(1, [told, flow({ ...before, ...isShort }), flow({ ...after, ...isShort })]);
    scan(2, [translation({ client: ['10.0.0.1', 40001], backend: ['10.0.0.0', 8080] })]);
    scan(3, [flow({ ...after, ...isShort, portB: 40001 }), flow({ ...before, ...isShort, portA: 40001 })]);
    expect(rows.map(ends)).toEqual(['10.0.0.1:40000 10.0.0.0:8080', '10.0.0.1:40001 10.0.0.0:8080']);
  });

  it('is told by what is seen when that is only after the translation', () => {
    const { scan, rows } = collect();
    scan(1, [translation({ backend: ['10.0.0.0', 8080], seenAs: ['10.0.0.254', 555] })]);
    scan(2, [flow({ ...after, b: '10.0.0.254', portB: 555 })]);
    expect(ends(rows[0])).toBe('10.0.0.254:555 10.0.0.0:8080');
    expect(formatAddress(String(rows[0]?.['service_ip']))).toBe('10.96.0.10');
  });

  it('that the socket itself was turned from is told by its only packets', () => {
    const { scan, rows } = collect();
    scan(1, [translation({ backend: ['10.0.0.0', 8080], by: 2 }), flow({ ...after })]);
    expect(rows).toHaveLength(1);
    expect(ends(rows[0])).toBe('10.0.0.1:40000 10.0.0.0:8080');
    expect(rows[0]).toMatchObject({ service_port: 80 });
  });

  it('has its requests once, and at the backend', () => {
    const { scan, rows } = collect();
    const request = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n';
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    scan(1, [
      told,
      payload({ ...before, payload: request, sequence: 1, sender: 0 }),
      payload({ ...before, payload: answer, sequence: 1, sender: 1 }),
      payload({ ...after, payload: request, sequence: 1, sender: 1 }),
      payload({ ...after, payload: answer, sequence: 1, sender: 0 }),
      flow({ ...before }),
      flow({ ...after }),
    ]);
    scan(3, [flow({ ...before, kind: update }), flow({ ...after, kind: update })]);
    const requests = rows.filter((row) => row['http_status'] === 200);
    expect(requests.map(ends)).toEqual(['10.0.0.1:40000 10.0.0.0:8080']);
  });

  it('leaves other connections as they are', () => {
    const { scan, rows } = collect();
    scan(1, [told, flow({ portA: 40001 })]);
    expect(ends(rows[0])).toBe('10.0.0.1:40001 10.0.0.2:80');
    expect(rows[0]).toMatchObject({ service_port: 0 });
  });
});

describe('plaintext read at the TLS library', () => {
  const request = 'GET /cart HTTP/1.1\r\nHost: shop\r\n\r\n';
  const answer = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n';
  const hello = payload({ payload: clientHello([serverName('shop.test')]), sequence: 1000 });
  const plain = [
    payload({ payload: request, sequence: 0, isPlaintext: true }),
    payload({ payload: answer, sequence: 0, sender: 1, isPlaintext: true }),
  ];

  it('is read like any other, beside the ciphertext of its connection', () => {
    const { scan, rows } = collect();
    scan(1, [flow(), hello, ...plain]);
    scan(3, [flow({ kind: update })]);
    const exchange = rows.find((row) => row['http_status'] === 503);
    expect(exchange).toMatchObject({ http_path: '/cart', tls_sni: 'shop.test' });
  });

  it('asks the kernel for nothing', () => {
    const { scan, verdictsSent } = collect();
    scan(1, [flow(), ...plain]);
    expect(verdictsSent).toEqual([]);
  });

  it('that waits for an answer is told when the connection ends', () => {
    const { scan, rows } = collect();
    scan(1, [flow(), hello, plain[0] ?? hello]);
    scan(3, [flow({ kind: flowEnd, endCause: 2 })]);
    expect(rows.some((row) => row['http_path'] === '/cart' && row['kind'] === flowKinds.indexOf('l7_request'))).toBe(
      true,
    );
  });
});
