/** Turns what the collector keeps (accounts of connections, exchanges, drops) into rows: who is source, who reports. */
import { certainty, type Connection } from '../connections/connection.ts';
import type { Account, Connections } from '../connections/connections.ts';
import { chooseEnds } from '../connections/ends.ts';
import type { Sighting } from '../connections/connection.ts';
import type { End, Moment } from '../identity/endpoint.ts';
import type { Identity } from '../identity/identity.ts';
import type { Exchange, Side } from '../protocol/exchange.ts';
import type { Ternary } from '../../model/words.ts';
import { noCounts, type Counts, type FlowRow, type FlowRows } from './flow-rows.ts';

/** Packets that the kernel threw away, as one drop record told. */
export interface Dropped {
  readonly connection: Connection;
  readonly sender: Side;
  readonly firstNs: number;
  readonly lastNs: number;
  readonly packets: number;
  readonly bytes: number;
  readonly reason: string;
  readonly location: string;
  readonly tcpFlags: number;
  readonly icmpType: number;
  readonly device: string;
}

export interface RowBuilderDeps {
  readonly identity: Identity;
  readonly rows: FlowRows;
  readonly connections: Pick<Connections, 'ensureOriented'>;
  wallNs(monoNs: number): bigint;
  moment(monoNs: number): Moment;
}

export interface RowBuilder {
  connection(connection: Connection, account: Account): void;
  exchange(connection: Connection, exchange: Exchange): void;
  drop(drop: Dropped): void;
}

const protocolTcp = 6;
const tcpSyn = 0x02;
const tcpAck = 0x10;

function countsOf(sighting: Sighting, source: Side): Counts {
  const back = other(source);
  return {
    bytesToDst: sighting.bytes[source],
    bytesToSrc: sighting.bytes[back],
    packetsToDst: sighting.packets[source],
    packetsToSrc: sighting.packets[back],
  };
}

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}

function endOf(connection: Connection, side: Side): End {
  return { address: connection.addresses[side], port: connection.ports[side] };
}

export function createRowBuilder(deps: RowBuilderDeps): RowBuilder {
  const { identity, rows } = deps;

  /** What rows of any kind say about the conversation, from `source` to the other side. */
  const common = (
    connection: Connection,
    source: Side,
    atNs: number,
  ): Pick<
    FlowRow,
    | 'timeNs'
    | 'connectionLow'
    | 'connectionHigh'
    | 'source'
    | 'sourcePort'
    | 'from'
    | 'destination'
    | 'destinationPort'
    | 'to'
    | 'protocol'
    | 'ipVersion'
  > => {
    const [start, end] = [endOf(connection, source), endOf(connection, other(source))];
    const [from, to] = identity.resolvePair(start, end, connection.protocol, deps.moment(atNs));
    return {
      timeNs: deps.wallNs(atNs),
      connectionLow: connection.idLow,
      connectionHigh: connection.idHigh,
      source: start.address,
      sourcePort: start.port,
      from,
      destination: end.address,
      destinationPort: end.port,
      to,
      protocol: connection.protocol,
      ipVersion: connection.family,
    };
  };

  /** Which end a row without counters of its own belongs to. */
  const reporterFor = (connection: Connection, source: Side, atNs: number): 'source' | 'destination' => {
    const at = deps.moment(atNs);
    if (identity.isLocal(connection.addresses[source], at)) return 'source';
    if (identity.isLocal(connection.addresses[other(source)], at)) return 'destination';
    const { reporter } = chooseEnds(connection, identity.interfaces);
    if (connection.initiator === source) return reporter;
    return reporter === 'source' ? 'destination' : 'source';
  };

  /** Is `sender` the answering side? */
  const isReply = (drop: Dropped): Ternary => {
    const { connection, sender, tcpFlags } = drop;
    if (connection.protocol === protocolTcp && (tcpFlags & tcpSyn) !== 0) return tcpFlags & tcpAck ? 'yes' : 'no';
    deps.connections.ensureOriented(connection);
    if (connection.certainty < certainty.inferred) return 'unknown';
    return sender === connection.initiator ? 'no' : 'yes';
  };

  return {
    connection(connection, account) {
      const source = connection.initiator;
      const { counted, peer, reporter } = account.ends;
      rows.append({
        ...common(connection, source, connection.lastNs),
        reporter,
        kind: account.kind,
        verdict: 'FORWARDED',
        isReply: connection.certainty >= certainty.inferred ? 'no' : 'unknown',
        interface: counted === undefined ? '' : identity.interfaces.name(counted.ifindex),
        counts: counted === undefined ? noCounts : countsOf(counted, source),
        peer: peer === undefined ? null : countsOf(peer, source),
        connections: account.connections,
        tcpFlags: connection.tcpFlags,
        icmpType: connection.icmpType,
        icmpCode: connection.icmpCode,
        endCause: account.kind === 'connection_end' ? connection.endCause : 0,
        srttUs: connection.srttUs,
        retransmits: connection.retransmits,
        durationNs: Math.max(0, connection.lastNs - connection.firstNs),
        isTls: connection.isTls,
        sni: connection.sni,
      });
    },

    exchange(connection, exchange) {
      const l7 = exchange.type === 'HTTP' ? { http: exchange } : { dns: exchange };
      const reporter = reporterFor(connection, exchange.client, exchange.requestNs);
      const ends = chooseEnds(connection, identity.interfaces);
      rows.append({
        ...common(connection, exchange.client, exchange.requestNs),
        ...l7,
        reporter,
        kind: exchange.isAnswered ? 'l7_response' : 'l7_request',
        verdict: 'FORWARDED',
        isReply: 'no',
        interface: ends.counted === undefined ? '' : identity.interfaces.name(ends.counted.ifindex),
        counts: noCounts,
        peer: null,
      });
    },

    drop(drop) {
      const { connection, sender } = drop;
      rows.append({
        ...common(connection, sender, drop.firstNs),
        reporter: reporterFor(connection, sender, drop.firstNs),
        kind: 'drop',
        verdict: 'DROPPED',
        isReply: isReply(drop),
        interface: drop.device,
        counts: { bytesToDst: drop.bytes, bytesToSrc: 0, packetsToDst: drop.packets, packetsToSrc: 0 },
        peer: null,
        dropReason: drop.reason,
        dropLocation: drop.location,
        tcpFlags: drop.tcpFlags,
        icmpType: drop.icmpType,
        durationNs: Math.max(0, drop.lastNs - drop.firstNs),
      });
    },
  };
}
