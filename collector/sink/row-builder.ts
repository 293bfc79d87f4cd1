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
import { endCauseWord } from '../connections/end-cause.ts';
import { flowKey, tcpFlag } from '../decode/wire.ts';
import type { End, Endpoint, Moment } from '../identity/endpoint.ts';
import type { Identity, Resolution } from '../identity/identity.ts';
import type { Exchange, Side } from '../protocol/exchange.ts';
import { encryptions, tunnels, type Ternary } from '../../model/words.ts';
import { noCounts, type Counts, type FlowRow, type FlowRows, type Parties } from './flow-rows.ts';

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
  moment(monoNs: number): Moment;
}

export interface RowBuilder {
  connection(slot: number, account: Readonly<Account>): void;
  exchange(connection: Connection, exchange: Exchange): void;
  drop(drop: Dropped): void;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const protocolTcp = 6;

const nobody: Endpoint = {
  namespace: '',
  pod: '',
  workload: '',
  workloadKind: '',
  service: '',
  labels: [],
  identity: 0,
  names: [],
  process: '',
  unit: '',
  container: '',
};
const blankRow: Omit<FlowRow, 'parties'> = {
  monoNs: 0,
  reporter: 'source',
  kind: 'connection_update',
  verdict: 'FORWARDED',
  isReply: 'no',
  interface: '',
  counts: noCounts,
  peer: null,
};

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}

export function createRowBuilder(deps: RowBuilderDeps): RowBuilder {
  const { identity, rows, connections } = deps;
  const { state } = connections;

  // Written anew for every row: an object for each would cost the garbage collector more than the row costs.
  const parties: Writable<Parties> = {
    keys: Buffer.alloc(0),
    keyAt: 0,
    sourceSide: 0,
    sourcePort: 0,
    destinationPort: 0,
    from: nobody,
    to: nobody,
    service: undefined,
    connectionLow: 0,
    connectionHigh: 0,
    protocol: 0,
    ipVersion: 0,
  };
  const ownCounts: Writable<Counts> = { ...noCounts };
  const peerCounts: Writable<Counts> = { ...noCounts };
  const ofConnection: Writable<FlowRow> = { ...blankRow, parties };
  const ofExchange: Writable<FlowRow> = { ...blankRow, parties };

  const word = (slot: number, at: number): number => state.words[slot * field.size + at] ?? 0;
  const initiatorOf = (slot: number): Side => (word(slot, field.initiator) === 1 ? 1 : 0);
  const endOf = (slot: number, side: Side): End => ({
    address: addressOf(state, slot, side),
    port: portOf(state, slot, side),
  });

  let keys: Uint8Array = new Uint8Array();
  /** All keys as bytes; the state replaces its array when it grows. */
  const allKeys = (): Uint8Array => {
    if (keys.buffer !== state.keys.buffer) keys = new Uint8Array(state.keys.buffer);
    return keys;
  };
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
  const serviceSide = (slot: number, { service }: Pick<Translation, 'service'>): Side | undefined => {
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
  const translate = (slot: number, { service, backend }: Translation): void => {
    parties.service = { address: addressBytes(service.address), port: service.port };
    const side = serviceSide(slot, { service });
    if (side === undefined) return;
    const key = Buffer.from(parties.keys.subarray(parties.keyAt, parties.keyAt + wordsPerKey * 4));
    addressBytes(backend.address).copy(key, side === 0 ? flowKey.addr_a : flowKey.addr_b);
    parties.keys = key;
    parties.keyAt = 0;
    if (side === parties.sourceSide) parties.sourcePort = backend.port;
    else parties.destinationPort = backend.port;
  };

  const setParties = (slot: number, source: Side, at: Moment): void => {
    const translation = translationOf(slot);
    const { from, to } = resolve(slot, source, translation, at);
    parties.keys = allKeys();
    parties.keyAt = slot * wordsPerKey * 4;
    parties.sourceSide = source;
    parties.sourcePort = portOf(state, slot, source);
    parties.destinationPort = portOf(state, slot, other(source));
    parties.from = from;
    parties.to = to;
    parties.service = undefined;
    parties.connectionLow = word(slot, field.idLow);
    parties.connectionHigh = word(slot, field.idHigh);
    parties.protocol = protocolOf(state, slot);
    parties.ipVersion = familyOf(state, slot);
    if (translation !== undefined) translate(slot, translation);
  };

  const setCounts = (counts: Writable<Counts>, sighting: number, source: Side): Counts => {
    const at = sighting * count.size;
    const back = other(source);
    counts.bytesToDst = state.counts[at + count.bytes + source] ?? 0;
    counts.bytesToSrc = state.counts[at + count.bytes + back] ?? 0;
    counts.packetsToDst = state.counts[at + count.packets + source] ?? 0;
    counts.packetsToSrc = state.counts[at + count.packets + back] ?? 0;
    return counts;
  };

  const sightingWord = (sighting: number, at: number): number =>
    sighting === nowhere ? 0 : (state.seen[sighting * seen.size + at] ?? 0);

  const interfaceOf = (sighting: number): string =>
    sighting === nowhere ? '' : identity.interfaces.name(sightingWord(sighting, seen.ifindex));

  /** The tunnel that the conversation is the outside of, else one that it was seen inside of at any interface. */
  const setNetwork = (row: Writable<FlowRow>, slot: number): void => {
    let tunnel = 0;
    let tunnelId = 0;
    for (let next = word(slot, field.sighting); next !== 0; next = sightingWord(next - 1, seen.next)) {
      const inside = sightingWord(next - 1, seen.tunnel);
      if (inside === 0) continue;
      tunnel = inside;
      tunnelId = sightingWord(next - 1, seen.tunnelId);
    }
    const carries = word(slot, field.carries);
    row.tunnel = tunnels[carries === 0 ? tunnel : carries] ?? '';
    row.tunnelId = tunnelId;
    row.isTunnel = carries !== 0;
    row.encryption = encryptions[word(slot, field.encryption)] ?? '';
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
      const counts = counted === nowhere ? noCounts : setCounts(ownCounts, counted, source);
      const besides = connections.besides(slot);
      const hasFailed = isFailure(account.connectResult);
      const dropReason = besides?.dropReason ?? '';
      // A failure that a drop explains is that drop.
      const isDropped = isAllDropped(besides, counts, source) || (hasFailed && dropReason !== '');
      const firstNs = state.times[slot * time.size + time.firstNs] ?? 0;
      const lastNs = state.times[slot * time.size + time.lastNs] ?? 0;
      const isLast = account.kind === 'connection_end';
      const health = healthOf(slot, source, isLast);
      setParties(slot, source, deps.moment(lastNs));
      setNetwork(ofConnection, slot);
      ofConnection.monoNs = lastNs;
      ofConnection.reporter = reporter;
      ofConnection.kind = account.kind;
      ofConnection.verdict = isDropped ? 'DROPPED' : hasFailed ? 'ERROR' : 'FORWARDED';
      ofConnection.dropReason = isDropped ? dropReason : '';
      ofConnection.dropLocation = isDropped ? (besides?.dropLocation ?? '') : '';
      ofConnection.isReply = word(slot, field.certainty) >= certainty.inferred ? 'no' : 'unknown';
      ofConnection.interface = interfaceOf(counted);
      ofConnection.counts = counts;
      ofConnection.peer = peer === nowhere ? null : setCounts(peerCounts, peer, source);
      ofConnection.connections = account.connections;
      ofConnection.tcpFlags = word(slot, field.tcpFlags);
      ofConnection.icmpType = word(slot, field.icmpType);
      ofConnection.icmpCode = word(slot, field.icmpCode);
      ofConnection.endCause = isLast ? endCauseWord(word(slot, field.endCause), source) : 0;
      ofConnection.connectResult = account.connectResult;
      ofConnection.handshakeUs = account.connectResult === 'ESTABLISHED' ? word(slot, field.handshakeUs) : 0;
      ofConnection.srttUs = health.srttUs;
      ofConnection.retransmits = health.retransmits;
      ofConnection.socketError = health.socketError;
      ofConnection.zeroWindows = sightingWord(counted, seen.zeroWindows);
      ofConnection.resets = sightingWord(counted, seen.resets);
      ofConnection.icmpErrors = sightingWord(counted, seen.icmpErrors);
      ofConnection.durationNs = Math.max(0, lastNs - firstNs);
      ofConnection.tls = besides?.tls ?? null;
      rows.append(ofConnection);
    },

    exchange(connection, exchange) {
      const { slot } = connection;
      if (isToldBefore(slot)) return;
      const at = deps.moment(exchange.requestNs);
      const { counted } = connections.chooseEnds(slot);
      setParties(slot, exchange.client, at);
      setNetwork(ofExchange, slot);
      ofExchange.monoNs = exchange.requestNs;
      ofExchange.exchange = exchange;
      ofExchange.tls = connection.tls;
      ofExchange.reporter = reporterFor(connection, exchange.client, at);
      ofExchange.kind = exchange.isAnswered ? 'l7_response' : 'l7_request';
      ofExchange.interface = interfaceOf(counted);
      rows.append(ofExchange);
    },

    drop(drop) {
      const { connection, sender } = drop;
      const at = deps.moment(drop.firstNs);
      setParties(connection.slot, sender, at);
      rows.append({
        monoNs: drop.firstNs,
        parties,
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
