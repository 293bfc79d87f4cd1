/** Pairs DNS queries and answers of one client port and server by id and question. A repeated query is the same one. */
import type { AddressKey } from '../decode/address.ts';
import type { Counters } from '../counters.ts';
import { parseDnsMessage, type DnsMessage } from './dns-message.ts';
import { answerTimeoutNs, otherSide, type DnsExchange, type Side } from './exchange.ts';

const outstandingLimit = 4096;
const opcodeQuery = 0;

/** An answer that gives addresses to a name, as the client asked for it. */
export interface LearnedName {
  readonly client: Side;
  readonly name: string;
  /** What the name turned out to stand for, CNAME by CNAME; in lower case, as servers may answer in any. */
  readonly aliases: readonly string[];
  readonly addresses: readonly AddressKey[];
  readonly ttl: number;
  readonly atNs: number;
}

export interface DnsPairing {
  readonly outstanding: number;
  message(sender: Side, bytes: Buffer, atNs: number): void;
  sweep(nowNs: number): void;
  end(): void;
}

export interface DnsPairingDeps {
  readonly counters: Counters;
  onExchange(exchange: DnsExchange): void;
  onName(learned: LearnedName): void;
}

interface Outstanding {
  readonly message: DnsMessage;
  readonly client: Side;
  readonly atNs: number;
}

function questionOf(message: DnsMessage): string {
  return `${message.id} ${message.type} ${message.name}`;
}

export function createDnsPairing(deps: DnsPairingDeps): DnsPairing {
  const waiting = new Map<string, Outstanding>();
  /** A zone transfer comes in many messages with one id. */
  let transferId = -1;

  const report = (query: Outstanding, answer: DnsMessage | null, atNs: number): void => {
    deps.onExchange({
      type: 'DNS',
      client: query.client,
      isAnswered: answer !== null,
      requestNs: query.atNs,
      latencyNs: answer === null ? 0 : Math.max(0, atNs - query.atNs),
      name: query.message.name,
      queryType: query.message.type,
      rcode: answer?.rcode ?? '',
      answers: answer?.answers ?? [],
      aliases: answer?.aliases ?? [],
      ttl: answer?.ttl ?? 0,
      error: answer?.isTruncated === true ? 'TRUNCATED' : '',
    });
  };

  const onQuery = (message: DnsMessage, sender: Side, atNs: number): void => {
    const question = questionOf(message);
    if (waiting.has(question)) deps.counters.add('dns_repeated_queries', 1);
    else if (waiting.size >= outstandingLimit) deps.counters.add('dns_gave_up_query_limit', 1);
    else waiting.set(question, { message, client: sender, atNs });
  };

  /** The query that a response answers; one without a question is known by its id, if only one query has that. */
  const questionAnswered = (message: DnsMessage): string | undefined => {
    if (message.type !== '') {
      const question = questionOf(message);
      return waiting.has(question) ? question : undefined;
    }
    const ofId = [...waiting].filter(([, query]) => query.message.id === message.id);
    return ofId.length === 1 ? ofId[0]?.[0] : undefined;
  };

  const onAnswer = (message: DnsMessage, sender: Side, atNs: number): void => {
    if (message.isCut) deps.counters.add('dns_answers_cut', 1);
    if (message.addresses.length > 0 && message.name !== '') {
      const { name, addresses, ttl } = message;
      const aliases = message.aliases.map((alias) => alias.toLowerCase());
      deps.onName({ client: otherSide(sender), name, aliases, addresses, ttl, atNs });
    }
    const question = questionAnswered(message);
    const query = question === undefined ? undefined : waiting.get(question);
    if (question === undefined || query === undefined) {
      if (message.id !== transferId) deps.counters.add('dns_orphan_answers', 1);
      return;
    }
    waiting.delete(question);
    const { type } = query.message;
    transferId = type === 'AXFR' || type === 'IXFR' ? message.id : -1;
    report(query, message, atNs);
  };

  return {
    get outstanding() {
      return waiting.size;
    },
    message(sender, bytes, atNs) {
      const message = parseDnsMessage(bytes);
      if (message === undefined) deps.counters.add('dns_malformed', 1);
      else if (message.opcode !== opcodeQuery) deps.counters.add('dns_other_opcodes', 1);
      else if (message.isResponse) onAnswer(message, sender, atNs);
      else onQuery(message, sender, atNs);
    },
    sweep(nowNs) {
      for (const [question, query] of waiting) {
        if (nowNs - query.atNs <= answerTimeoutNs) continue;
        waiting.delete(question);
        report(query, null, 0);
      }
    },
    end() {
      for (const query of waiting.values()) report(query, null, 0);
      waiting.clear();
    },
  };
}
