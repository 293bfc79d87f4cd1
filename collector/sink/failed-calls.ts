/** A row for each process, peer and errno of which calls failed before there was a packet. */
import { errnoName } from '../../model/errno.ts';
import { connectionIdOf } from '../connections/key-table.ts';
import { addressKey } from '../decode/address.ts';
import { readText, readWide } from '../decode/bytes.ts';
import { flowKeyOf, type Socket } from '../decode/conversation-key.ts';
import { connectRecord, flowKey } from '../decode/wire.ts';
import type { Moment } from '../identity/endpoint.ts';
import type { Identity } from '../identity/identity.ts';
import { noCounts, type FlowRows } from './flow-rows.ts';

export interface FailedCallsDeps {
  readonly identity: Pick<Identity, 'resolveCall'>;
  readonly rows: FlowRows;
  moment(monoNs: number): Moment;
}

export interface FailedCalls {
  /** A CONNECT record. */
  add(bytes: Buffer, at: number): void;
}

export function createFailedCalls(deps: FailedCallsDeps): FailedCalls {
  return {
    add(bytes, at) {
      const monoNs = readWide(bytes, at + connectRecord.mono_ns);
      const protocol = bytes[at + connectRecord.protocol] ?? 0;
      const family = bytes[at + connectRecord.family] ?? 0;
      const remote = {
        address: addressKey(bytes, at + connectRecord.remote),
        port: bytes.readUInt16LE(at + connectRecord.remote_port),
      };
      const caller = {
        address: addressKey(bytes, at + connectRecord.local),
        family,
        netns: bytes.readUInt32LE(at + connectRecord.netns_inum),
        pid: bytes.readUInt32LE(at + connectRecord.pid),
        process: readText(bytes, at + connectRecord.comm, 16),
        cgroup: readText(bytes, at + connectRecord.unit, 128),
      };
      const [from, to] = deps.identity.resolveCall(caller, remote, protocol, deps.moment(monoNs));
      const local = { address: from.address, port: bytes.readUInt16LE(at + connectRecord.local_port) };
      const key = flowKeyOf(local, remote, protocol, family);
      const id = connectionIdOf(key);
      rowOf(deps, {
        monoNs,
        error: errnoName(bytes.readUInt32LE(at + connectRecord.error)),
        count: bytes.readUInt32LE(at + connectRecord.count),
        parties: {
          keys: key,
          keyAt: 0,
          sourceSide: isFirst(key, local) ? 0 : 1,
          sourcePort: local.port,
          destinationPort: remote.port,
          from: from.endpoint,
          to,
          connectionLow: id.low,
          connectionHigh: id.high,
          protocol,
          ipVersion: family,
        },
      });
    },
  };
}

function isFirst(key: Buffer, end: Socket): boolean {
  return addressKey(key, flowKey.addr_a) === end.address && key.readUInt16LE(flowKey.port_a) === end.port;
}

interface FailedCall {
  readonly monoNs: number;
  readonly error: string;
  readonly count: number;
  readonly parties: Parameters<FlowRows['append']>[0]['parties'];
}

function rowOf(deps: FailedCallsDeps, call: FailedCall): void {
  deps.rows.append({
    monoNs: call.monoNs,
    parties: call.parties,
    reporter: 'source',
    kind: 'connection_end',
    verdict: 'ERROR',
    isReply: 'no',
    interface: '',
    counts: noCounts,
    peer: null,
    connections: call.count,
    connectResult: 'LOCAL_ERROR',
    socketError: call.error,
  });
}
