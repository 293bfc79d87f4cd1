/**
 * Gives the payload records of each connection to its conversation, and what the conversations find out to whom it
 * concerns: exchanges to the rows, names to the identity, verdicts to the probe.
 */
import type { Connection } from '../connections/connection.ts';
import type { Connections } from '../connections/connections.ts';
import { certainty } from '../connections/state.ts';
import type { Counters } from '../counters.ts';
import { readWide } from '../decode/bytes.ts';
import { flowKey, l7Copy, l7Plaintext, l7Record, recordHeader } from '../decode/wire.ts';
import type { End, Moment } from '../identity/endpoint.ts';
import type { Identity } from '../identity/identity.ts';
import { createBudget, type Budget } from './budget.ts';
import { createConversation, type Conversation, type ConversationDeps } from './conversation.ts';
import type { LearnedName } from './dns-pairing.ts';
import { otherSide, type Exchange, type Side } from './exchange.ts';
import type { Wanted } from './reader.ts';
import type { Redaction } from './redaction.ts';
import type { TlsFacts } from './tls-reader.ts';

export interface ConversationsDeps {
  readonly connections: Pick<Connections, 'open' | 'orient'>;
  readonly identity: Pick<Identity, 'learnName' | 'learnServerName'>;
  readonly counters: Counters;
  /** Bytes that all conversations together may keep for later. */
  readonly payloadBytesLimit: number;
  readonly redaction: Redaction;
  moment(monoNs: number): Moment;
  onExchange(connection: Connection, exchange: Exchange): void;
  /** Tells the probe what to copy of a connection. */
  onVerdict(key: Buffer, copy: number): void;
}

export interface Conversations {
  /** An L7 record of that length. */
  add(bytes: Buffer, at: number, length: number): void;
  /** Reports requests that waited too long. */
  sweep(nowNs: number): void;
  end(connection: Connection): void;
}

const copyOf: Readonly<Record<Wanted, number>> = {
  probing: l7Copy.probing,
  all: l7Copy.all,
  heads: l7Copy.heads,
  turns: l7Copy.turns,
  none: l7Copy.none,
};

export function createConversations(deps: ConversationsDeps): Conversations {
  const { connections, counters } = deps;
  const budget = createBudget(deps.payloadBytesLimit);
  /** Those with requests that wait for an answer, and some that had: they leave with the next sweep. */
  const waiting = new Set<Conversation>();

  const conversationOf = (connection: Connection): Conversation => {
    if (connection.conversation !== null) return connection.conversation;
    const findings = new Findings(connection, deps, budget);
    connection.conversation = createConversation(connection.protocol, connection.ports, findings);
    return connection.conversation;
  };

  return {
    add(bytes, at, length) {
      const captured = bytes.readUInt32LE(at + l7Record.captured);
      const sender = bytes[at + l7Record.sender];
      if (captured > length - l7Record.size || (sender !== 0 && sender !== 1)) {
        counters.add('records_malformed', 1);
        return;
      }
      const connection = connections.open(bytes, at + l7Record.key);
      if (connection === undefined) return;
      const atNs = readWide(bytes, at + l7Record.mono_ns);
      connection.lastNs = Math.max(connection.lastNs, atNs);
      const conversation = conversationOf(connection);
      const before = conversation.wanted;
      const start = at + l7Record.size;
      conversation.feed({
        sender,
        sequence: bytes.readUInt32LE(at + l7Record.sequence),
        payloadLength: bytes.readUInt32LE(at + l7Record.payload_length),
        bytes: bytes.subarray(start, start + captured),
        atNs,
        isPlaintext: (bytes.readUInt16LE(at + recordHeader.flags) & l7Plaintext) !== 0,
      });
      if (conversation.outstanding > 0) waiting.add(conversation);
      const copy = copyOf[conversation.wanted];
      if (conversation.wanted !== before && copy !== bytes[at + l7Record.copy_mode]) {
        deps.onVerdict(bytes.subarray(at + l7Record.key, at + l7Record.key + flowKey.size), copy);
      }
    },
    sweep(nowNs) {
      for (const conversation of waiting) {
        conversation.sweep(nowNs);
        if (conversation.outstanding === 0) waiting.delete(conversation);
      }
    },
    end(connection) {
      const { conversation } = connection;
      if (conversation === null) return;
      connection.conversation = null;
      conversation.end();
      waiting.delete(conversation);
    },
  };
}

/**
 * Whom one connection's findings concern. A class, because closures for each of many thousand connections cost memory
 * that a prototype does not.
 */
class Findings implements ConversationDeps {
  readonly counters: Counters;
  readonly budget: Budget;
  readonly redaction: Redaction;
  private readonly connection: Connection;
  private readonly deps: ConversationsDeps;

  constructor(connection: Connection, deps: ConversationsDeps, budget: Budget) {
    this.counters = deps.counters;
    this.budget = budget;
    this.redaction = deps.redaction;
    this.connection = connection;
    this.deps = deps;
  }

  onExchange(exchange: Exchange): void {
    this.deps.connections.orient(this.connection, exchange.client, certainty.inferred);
    this.deps.onExchange(this.connection, exchange);
  }

  onName(learned: LearnedName): void {
    const { deps } = this;
    const at = deps.moment(learned.atNs);
    deps.identity.learnName(learned, this.endOf(learned.client), this.connection.protocol, at);
  }

  onTls(client: Side, facts: TlsFacts): void {
    const { connection, deps } = this;
    deps.connections.orient(connection, client, certainty.inferred);
    const isNamed = facts.serverName !== '' && facts.serverName !== connection.tls?.serverName;
    connection.tls = facts;
    if (!isNamed) return;
    const server = connection.addresses[otherSide(client)];
    deps.identity.learnServerName(facts.serverName, this.endOf(client), server, deps.moment(connection.lastNs));
  }

  private endOf(side: Side): End {
    return { address: this.connection.addresses[side], port: this.connection.ports[side] };
  }
}
