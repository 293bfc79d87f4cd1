/** Turns what the collector keeps (accounts of connections, exchanges, drops) into rows: who is source, who reports. */
import { certainty, type Connection } from '../connections/connection.ts';
import type { Account, Connections } from '../connections/connections.ts';
import { chooseEnds } from '../connections/ends.ts';
import { isFailure } from '../connections/opening.ts';
import type { TcpHealth } from '../connections/tcp-health.ts';
import type { Translations } from '../connections/translations.ts';
import { addressBytes } from '../decode/address.ts';
import { flowKey, tcpFlag } from '../decode/wire.ts';
import type { Sighting } from '../connections/connection.ts';
import type { End, Moment } from '../identity/endpoint.ts';
import type { Identity } from '../identity/identity.ts';
import type { Exchange, Side } from '../protocol/exchange.ts';
import { encryptions, tunnels, type Encryption, type Ternary, type Tunnel } from '../../model/words.ts';
import { noCounts, type Counts, type FlowRows, type Parties } from './flow-rows.ts';

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
  readonly connections: Pick<Connections, 'ensureOriented' | 'find'>;
  readonly health: Pick<TcpHealth, 'tell'>;
  readonly translations: Pick<Translations, 'find'>;
  wallNs(monoNs: number): bigint;
  moment(monoNs: number): Moment;
}

export interface RowBuilder {
  connection(connection: Connection, account: Account): void;
  exchange(connection: Connection, exchange: Exchange): void;
  drop(drop: Dropped): void;
}

const protocolTcp = 6;

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

/** What a row calls the two ends of a conversation, by side. */
interface Ends {
  /** struct flow_key; the addresses that rows show are read out of it. */
  readonly key: Buffer;
  readonly ends: readonly [End, End];
  readonly service: Parties['service'];
}

function isEnd(connection: Connection, side: Side, end: End): boolean {
  return connection.addresses[side] === end.address && connection.ports[side] === end.port;
}

/** Did everything that the source sent end in a drop? Then calling the conversation FORWARDED would be false. */
function isAllDropped(connection: Connection, counts: Counts, source: Side): boolean {
  return counts.packetsToSrc === 0 && counts.packetsToDst > 0 && connection.dropped[source] >= counts.packetsToDst;
}

interface TunnelFacts {
  readonly tunnel: Tunnel;
  readonly tunnelId: number;
  readonly isTunnel: boolean;
}

const noTunnel: TunnelFacts = { tunnel: '', tunnelId: 0, isTunnel: false };

/** The tunnel that the conversation is the outside of, else the one it was seen inside of at any interface. */
function tunnelOf(connection: Connection): TunnelFacts {
  const inside = connection.sightings.find((sighting) => sighting.tunnel !== 0);
  if (connection.carries !== 0) {
    return { tunnel: tunnels[connection.carries] ?? '', tunnelId: inside?.tunnelId ?? 0, isTunnel: true };
  }
  return inside === undefined
    ? noTunnel
    : { tunnel: tunnels[inside.tunnel] ?? '', tunnelId: inside.tunnelId, isTunnel: false };
}

function networkOf(connection: Connection): TunnelFacts & { readonly encryption: Encryption } {
  return { ...tunnelOf(connection), encryption: encryptions[connection.encryption] ?? '' };
}

export function createRowBuilder(deps: RowBuilderDeps): RowBuilder {
  const { identity, rows } = deps;

  /** A service is shown as the backend that was chosen for it, beside what was asked for. */
  const endsOf = (connection: Connection): Ends => {
    const { key, addresses, ports } = connection;
    const plain: [End, End] = [
      { address: addresses[0], port: ports[0] },
      { address: addresses[1], port: ports[1] },
    ];
    const translation = deps.translations.find(key);
    if (translation === undefined) return { key, ends: plain, service: undefined };
    const { service, backend } = translation;
    const asked = { address: addressBytes(service.address), port: service.port };
    const side = isEnd(connection, 0, service) ? 0 : 1;
    if (!isEnd(connection, side, service)) return { key, ends: plain, service: asked };
    const shown = Buffer.from(key);
    addressBytes(backend.address).copy(shown, side === 0 ? flowKey.addr_a : flowKey.addr_b);
    plain[side] = backend;
    return { key: shown, ends: plain, service: asked };
  };

  /** After a translation, when it was seen before it as well: those rows tell it. */
  const isToldBefore = (connection: Connection): boolean => {
    const translation = deps.translations.find(connection.key);
    if (translation === undefined || translation.isAtSocket) return false;
    const before = deps.connections.find(translation.before, 0);
    return before !== undefined && before !== connection && before.sightings.length > 0;
  };

  const partiesOf = (connection: Connection, source: Side, at: Moment): Parties => {
    const { protocol } = connection;
    const { key, ends, service } = endsOf(connection);
    const [from, to] = identity.resolvePair(ends[source], ends[other(source)], protocol, at);
    return {
      key,
      sourceSide: source,
      sourcePort: ends[source].port,
      destinationPort: ends[other(source)].port,
      service,
      from,
      to,
      connectionLow: connection.idLow,
      connectionHigh: connection.idHigh,
      protocol,
      ipVersion: connection.family,
    };
  };

  /** Which end a row without counters of its own belongs to. */
  const reporterFor = (connection: Connection, source: Side, at: Moment): 'source' | 'destination' => {
    if (identity.isLocal(connection.addresses[source], at)) return 'source';
    if (identity.isLocal(connection.addresses[other(source)], at)) return 'destination';
    const { reporter } = chooseEnds(connection, identity.interfaces);
    if (connection.initiator === source) return reporter;
    return reporter === 'source' ? 'destination' : 'source';
  };

  /** Is `sender` the answering side? */
  const isReply = (drop: Dropped): Ternary => {
    const { connection, sender, tcpFlags } = drop;
    if (connection.protocol === protocolTcp && (tcpFlags & tcpFlag.syn) !== 0)
      return tcpFlags & tcpFlag.ack ? 'yes' : 'no';
    deps.connections.ensureOriented(connection);
    if (connection.certainty < certainty.inferred) return 'unknown';
    return sender === connection.initiator ? 'no' : 'yes';
  };

  return {
    connection(connection, account) {
      if (isToldBefore(connection)) return;
      const source = connection.initiator;
      const { counted, peer, reporter } = account.ends;
      const counts = counted === undefined ? noCounts : countsOf(counted, source);
      const hasFailed = isFailure(account.connectResult);
      // A failure that a drop explains is that drop.
      const isDropped = isAllDropped(connection, counts, source) || (hasFailed && connection.dropReason !== '');
      rows.append({
        timeNs: deps.wallNs(connection.lastNs),
        parties: partiesOf(connection, source, deps.moment(connection.lastNs)),
        reporter,
        kind: account.kind,
        verdict: isDropped ? 'DROPPED' : hasFailed ? 'ERROR' : 'FORWARDED',
        dropReason: isDropped ? connection.dropReason : '',
        dropLocation: isDropped ? connection.dropLocation : '',
        isReply: connection.certainty >= certainty.inferred ? 'no' : 'unknown',
        interface: counted === undefined ? '' : identity.interfaces.name(counted.ifindex),
        counts,
        peer: peer === undefined ? null : countsOf(peer, source),
        connections: account.connections,
        tcpFlags: connection.tcpFlags,
        icmpType: connection.icmpType,
        icmpCode: connection.icmpCode,
        endCause: account.kind === 'connection_end' ? connection.endCause : 0,
        connectResult: account.connectResult,
        handshakeUs: account.connectResult === 'ESTABLISHED' ? connection.opening.handshakeUs : 0,
        ...deps.health.tell(
          connection.key,
          source,
          { srttUs: connection.srttUs, retransmits: connection.retransmits },
          account.kind === 'connection_end',
        ),
        zeroWindows: counted?.zeroWindows ?? 0,
        resets: counted?.resets ?? 0,
        icmpErrors: counted?.icmpErrors ?? 0,
        ...networkOf(connection),
        durationNs: Math.max(0, connection.lastNs - connection.firstNs),
        tls: connection.tls,
      });
    },

    exchange(connection, exchange) {
      if (isToldBefore(connection)) return;
      const at = deps.moment(exchange.requestNs);
      const ends = chooseEnds(connection, identity.interfaces);
      rows.append({
        timeNs: deps.wallNs(exchange.requestNs),
        parties: partiesOf(connection, exchange.client, at),
        exchange,
        tls: connection.tls,
        reporter: reporterFor(connection, exchange.client, at),
        kind: exchange.isAnswered ? 'l7_response' : 'l7_request',
        verdict: 'FORWARDED',
        isReply: 'no',
        interface: ends.counted === undefined ? '' : identity.interfaces.name(ends.counted.ifindex),
        ...networkOf(connection),
        counts: noCounts,
        peer: null,
      });
    },

    drop(drop) {
      const { connection, sender } = drop;
      const at = deps.moment(drop.firstNs);
      rows.append({
        timeNs: deps.wallNs(drop.firstNs),
        parties: partiesOf(connection, sender, at),
        reporter: reporterFor(connection, sender, at),
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
