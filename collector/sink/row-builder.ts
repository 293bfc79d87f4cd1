/** Turns what the collector keeps (accounts of connections, exchanges, drops) into rows: who is source, who reports. */
import type { Connection } from '../connections/connection.ts';
import type { Account, Connections } from '../connections/connections.ts';
import { nowhere } from '../connections/ends.ts';
import { wordsPerKey } from '../connections/key-table.ts';
import { isFailure } from '../connections/opening.ts';
import type { TcpHealth, Health } from '../connections/tcp-health.ts';
import type { Translation, Translations } from '../connections/translations.ts';
import { addressBytes } from '../decode/address.ts';
import {
  addressOf,
  bit,
  certainty,
  count,
  familyOf,
  field,
  portOf,
  protocolOf,
  seen,
  time,
} from '../connections/state.ts';
import { flowKey, tcpFlag } from '../decode/wire.ts';
import type { End, Moment } from '../identity/endpoint.ts';
import type { Identity, Resolution } from '../identity/identity.ts';
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
  readonly connections: Pick<Connections, 'ensureOriented' | 'state' | 'besides' | 'chooseEnds' | 'find'>;
  readonly health: Pick<TcpHealth, 'tell'>;
  readonly translations: Pick<Translations, 'find'>;
  wallNs(monoNs: number): bigint;
  moment(monoNs: number): Moment;
}

export interface RowBuilder {
  connection(slot: number, account: Readonly<Account>): void;
  exchange(connection: Connection, exchange: Exchange): void;
  drop(drop: Dropped): void;
}

interface NetworkFacts {
  readonly tunnel: Tunnel;
  readonly tunnelId: number;
  readonly isTunnel: boolean;
  readonly encryption: Encryption;
}

const protocolTcp = 6;

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}

export function createRowBuilder(deps: RowBuilderDeps): RowBuilder {
  const { identity, rows, connections } = deps;
  const { state } = connections;

  const word = (slot: number, at: number): number => state.words[slot * field.size + at] ?? 0;
  const initiatorOf = (slot: number): Side => (word(slot, field.initiator) === 1 ? 1 : 0);
  const endOf = (slot: number, side: Side): End => ({
    address: addressOf(state, slot, side),
    port: portOf(state, slot, side),
  });

  const keyOf = (slot: number): Buffer => Buffer.from(state.keys.buffer, slot * wordsPerKey * 4, wordsPerKey * 4);

  /** Looks under the conversation's name only while there may be something: a name is a string to be made. */
  const translationOf = (slot: number): Translation | undefined => {
    const bits = word(slot, field.bits);
    if ((bits & bit.askTranslation) === 0) return undefined;
    const found = deps.translations.find(keyOf(slot));
    if (found === undefined) state.words[slot * field.size + field.bits] = bits & ~bit.askTranslation;
    return found;
  };

  const healthOf = (slot: number, source: Side, isLast: boolean): Health => {
    const walked = {
      srttUs: word(slot, field.srttUs),
      retransmits: word(slot, field.retransmits),
      socketError: '',
    };
    const bits = word(slot, field.bits);
    if ((bits & bit.askHealth) === 0) return walked;
    const told = deps.health.tell(keyOf(slot), source, walked, isLast);
    if (told !== undefined) return told;
    state.words[slot * field.size + field.bits] = bits & ~bit.askHealth;
    return walked;
  };

  const isEnd = (slot: number, side: Side, end: End): boolean =>
    portOf(state, slot, side) === end.port && addressOf(state, slot, side) === end.address;

  /** A service is shown as the backend that was chosen for it: the side that is the service, if one is. */
  const serviceSide = (slot: number, { service }: Translation): Side | undefined => {
    if (isEnd(slot, 0, service)) return 0;
    return isEnd(slot, 1, service) ? 1 : undefined;
  };

  /** After a translation, when it was seen before it as well: those rows tell it. */
  const isToldBefore = (slot: number): boolean => {
    const translation = translationOf(slot);
    if (translation === undefined || translation.isAtSocket) return false;
    if (serviceSide(slot, translation) !== undefined) {
      translation.isTold = true;
      return false;
    }
    if (translation.isTold) return true;
    const before = connections.find(translation.before, 0);
    return before !== -1 && before !== slot && word(before, field.sighting) !== 0;
  };

  const resolve = (slot: number, source: Side, translation: Translation | undefined, at: Moment): Resolution => {
    const place = slot * 2 + source;
    const known = state.resolved[place];
    if (known?.translation === translation && known !== undefined && identity.holds(known.resolution, at)) {
      return known.resolution;
    }
    const ends: [End, End] = [endOf(slot, 0), endOf(slot, 1)];
    const side = translation === undefined ? undefined : serviceSide(slot, translation);
    if (side !== undefined && translation !== undefined) ends[side] = translation.backend;
    const resolution = identity.resolve(ends[source], ends[other(source)], protocolOf(state, slot), at);
    state.resolved[place] = { resolution, translation };
    return resolution;
  };

  /** Beside the backend, what was asked for. */
  const translated = (parties: Parties, slot: number, translation: Translation): Parties => {
    const { service, backend } = translation;
    const asked = { address: addressBytes(service.address), port: service.port };
    const side = serviceSide(slot, translation);
    if (side === undefined) return { ...parties, service: asked };
    const key = Buffer.from(parties.key);
    addressBytes(backend.address).copy(key, side === 0 ? flowKey.addr_a : flowKey.addr_b);
    const isSource = side === parties.sourceSide;
    return { ...parties, key, service: asked, [isSource ? 'sourcePort' : 'destinationPort']: backend.port };
  };

  const partiesOf = (slot: number, source: Side, at: Moment): Parties => {
    const translation = translationOf(slot);
    const { from, to } = resolve(slot, source, translation, at);
    const parties: Parties = {
      key: keyOf(slot),
      sourceSide: source,
      sourcePort: portOf(state, slot, source),
      destinationPort: portOf(state, slot, other(source)),
      from,
      to,
      connectionLow: word(slot, field.idLow),
      connectionHigh: word(slot, field.idHigh),
      protocol: protocolOf(state, slot),
      ipVersion: familyOf(state, slot),
    };
    return translation === undefined ? parties : translated(parties, slot, translation);
  };

  const countsOf = (sighting: number, source: Side): Counts => {
    const at = sighting * count.size;
    const back = other(source);
    return {
      bytesToDst: state.counts[at + count.bytes + source] ?? 0,
      bytesToSrc: state.counts[at + count.bytes + back] ?? 0,
      packetsToDst: state.counts[at + count.packets + source] ?? 0,
      packetsToSrc: state.counts[at + count.packets + back] ?? 0,
    };
  };

  const sightingWord = (sighting: number, at: number): number =>
    sighting === nowhere ? 0 : (state.seen[sighting * seen.size + at] ?? 0);

  const interfaceOf = (sighting: number): string =>
    sighting === nowhere ? '' : identity.interfaces.name(sightingWord(sighting, seen.ifindex));

  /** The tunnel that the conversation is the outside of, else one that it was seen inside of at any interface. */
  const networkOf = (slot: number): NetworkFacts => {
    let tunnel = 0;
    let tunnelId = 0;
    for (let next = word(slot, field.sighting); next !== 0; next = sightingWord(next - 1, seen.next)) {
      const inside = sightingWord(next - 1, seen.tunnel);
      if (inside === 0) continue;
      tunnel = inside;
      tunnelId = sightingWord(next - 1, seen.tunnelId);
    }
    const carries = word(slot, field.carries);
    return {
      tunnel: tunnels[carries === 0 ? tunnel : carries] ?? '',
      tunnelId,
      isTunnel: carries !== 0,
      encryption: encryptions[word(slot, field.encryption)] ?? '',
    };
  };

  /** Which end a row without counters of its own belongs to. */
  const reporterFor = (connection: Connection, source: Side, at: Moment): 'source' | 'destination' => {
    if (identity.isLocal(connection.addresses[source], at)) return 'source';
    if (identity.isLocal(connection.addresses[other(source)], at)) return 'destination';
    const { reporter } = connections.chooseEnds(connection.slot);
    if (initiatorOf(connection.slot) === source) return reporter;
    return reporter === 'source' ? 'destination' : 'source';
  };

  /** Is `sender` the answering side? */
  const isReply = (drop: Dropped): Ternary => {
    const { connection, sender, tcpFlags } = drop;
    if (connection.protocol === protocolTcp && (tcpFlags & tcpFlag.syn) !== 0) {
      return (tcpFlags & tcpFlag.ack) === 0 ? 'no' : 'yes';
    }
    connections.ensureOriented(connection.slot);
    if (word(connection.slot, field.certainty) < certainty.inferred) return 'unknown';
    return sender === initiatorOf(connection.slot) ? 'no' : 'yes';
  };

  /** Did everything that the source sent end in a drop? Then calling the conversation FORWARDED would be false. */
  const isAllDropped = (connection: Connection | undefined, counts: Counts, source: Side): boolean =>
    connection !== undefined &&
    counts.packetsToSrc === 0 &&
    counts.packetsToDst > 0 &&
    connection.dropped[source] >= counts.packetsToDst;

  return {
    connection(slot, account) {
      if (isToldBefore(slot)) return;
      const source = initiatorOf(slot);
      const { counted, peer, reporter } = account.ends;
      const counts = counted === nowhere ? noCounts : countsOf(counted, source);
      const besides = connections.besides(slot);
      const hasFailed = isFailure(account.connectResult);
      const dropReason = besides?.dropReason ?? '';
      // A failure that a drop explains is that drop.
      const isDropped = isAllDropped(besides, counts, source) || (hasFailed && dropReason !== '');
      const firstNs = state.times[slot * time.size + time.firstNs] ?? 0;
      const lastNs = state.times[slot * time.size + time.lastNs] ?? 0;
      const health = healthOf(slot, source, account.kind === 'connection_end');
      const network = networkOf(slot);
      rows.append({
        timeNs: deps.wallNs(lastNs),
        parties: partiesOf(slot, source, deps.moment(lastNs)),
        reporter,
        kind: account.kind,
        verdict: isDropped ? 'DROPPED' : hasFailed ? 'ERROR' : 'FORWARDED',
        dropReason: isDropped ? dropReason : '',
        dropLocation: isDropped ? (besides?.dropLocation ?? '') : '',
        isReply: word(slot, field.certainty) >= certainty.inferred ? 'no' : 'unknown',
        interface: interfaceOf(counted),
        counts,
        peer: peer === nowhere ? null : countsOf(peer, source),
        connections: account.connections,
        tcpFlags: word(slot, field.tcpFlags),
        icmpType: word(slot, field.icmpType),
        icmpCode: word(slot, field.icmpCode),
        endCause: account.kind === 'connection_end' ? word(slot, field.endCause) : 0,
        connectResult: account.connectResult,
        handshakeUs: account.connectResult === 'ESTABLISHED' ? word(slot, field.handshakeUs) : 0,
        srttUs: health.srttUs,
        retransmits: health.retransmits,
        socketError: health.socketError,
        zeroWindows: sightingWord(counted, seen.zeroWindows),
        resets: sightingWord(counted, seen.resets),
        icmpErrors: sightingWord(counted, seen.icmpErrors),
        tunnel: network.tunnel,
        tunnelId: network.tunnelId,
        isTunnel: network.isTunnel,
        encryption: network.encryption,
        durationNs: Math.max(0, lastNs - firstNs),
        tls: besides?.tls ?? null,
      });
    },

    exchange(connection, exchange) {
      const { slot } = connection;
      if (isToldBefore(slot)) return;
      const at = deps.moment(exchange.requestNs);
      const { counted } = connections.chooseEnds(slot);
      rows.append({
        timeNs: deps.wallNs(exchange.requestNs),
        parties: partiesOf(slot, exchange.client, at),
        exchange,
        tls: connection.tls,
        reporter: reporterFor(connection, exchange.client, at),
        kind: exchange.isAnswered ? 'l7_response' : 'l7_request',
        verdict: 'FORWARDED',
        isReply: 'no',
        interface: interfaceOf(counted),
        ...networkOf(slot),
        counts: noCounts,
        peer: null,
      });
    },

    drop(drop) {
      const { connection, sender } = drop;
      const at = deps.moment(drop.firstNs);
      rows.append({
        timeNs: deps.wallNs(drop.firstNs),
        parties: partiesOf(connection.slot, sender, at),
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
