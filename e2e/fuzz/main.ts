/**
 * `npm run fuzz [-- --inputs N --seed S --only FAMILY --at INDEX]`: feeds spoilt conversations of every protocol to the
 * parsers. It fails, and says which input, when one throws, holds more memory than it was given, keeps some of it after
 * the end, reports a text without bound, or takes too long.
 */
import { parseArgs } from 'node:util';
import { createRandom, type Line } from '../../collector/protocol/converse.fixture.ts';
import { createBudget } from '../../collector/protocol/budget.ts';
import { createConversation } from '../../collector/protocol/conversation.ts';
import { createCounters } from '../../collector/counters.ts';
import { dnsOverTcp, a, message } from '../../collector/protocol/dns.fixture.ts';
import type { Exchange } from '../../collector/protocol/exchange.ts';
import { httpTalk } from '../../collector/protocol/http.fixture.ts';
import { http2Talk } from '../../collector/protocol/http2.fixture.ts';
import { kafkaTalk } from '../../collector/protocol/kafka.fixture.ts';
import { mongodbTalk } from '../../collector/protocol/mongodb.fixture.ts';
import { mysqlTalk } from '../../collector/protocol/mysql.fixture.ts';
import { postgresqlTalk } from '../../collector/protocol/postgresql.fixture.ts';
import { createRedaction, defaultRedaction } from '../../collector/protocol/redaction.ts';
import { redisTalk } from '../../collector/protocol/redis.fixture.ts';
import { tls12, tls13 } from '../../collector/protocol/tls.fixture.ts';
import { segments, spoil } from './mutate.ts';

const memoryLimit = 256 * 1024;
const textLimit = 8192;
const slowUs = 100_000;
/** From here on a result is measured again: a pause of the machine is no slow input. */
const doubtfulUs = 1000;
const tcp = 6;
const udp = 17;

interface Family {
  readonly name: string;
  readonly protocol: number;
  readonly talks: readonly (readonly Line[])[];
}

const overTcp = (name: string, ...talks: readonly (readonly Line[])[]): Family => ({ name, protocol: tcp, talks });
const families: readonly Family[] = [
  overTcp('http', httpTalk()),
  overTcp('http2', http2Talk(), [...httpTalk().slice(-2), ...http2Talk()]),
  overTcp('tls', tls12(), tls13()),
  overTcp('dns-tcp', dnsOverTcp()),
  {
    name: 'dns-udp',
    protocol: udp,
    talks: [
      [
        [0, message()],
        [1, message({ answers: [a(10, 0, 0, 1)] })],
      ],
    ],
  },
  overTcp('postgresql', postgresqlTalk()),
  overTcp('mysql', mysqlTalk()),
  overTcp('redis', redisTalk()),
  overTcp('mongodb', mongodbTalk()),
  overTcp('kafka', kafkaTalk()),
];
const foreign = families.flatMap(({ talks }) => talks.flat());

interface Result {
  readonly us: number;
  readonly exchanges: number;
  readonly held: number;
}

function longestText(exchange: Exchange): number {
  const texts = Object.values(exchange).flatMap((value: unknown) => (typeof value === 'string' ? [value.length] : []));
  return Math.max(...texts);
}

/** One input, made from its number alone. */
function run(family: Family, seed: number): Result {
  const random = createRandom(seed);
  const talk = family.talks[seed % family.talks.length] ?? [];
  const fed = segments(spoil(talk, foreign, random), random);
  const budget = createBudget(memoryLimit);
  const counters = createCounters();
  let exchanges = 0;
  const started = process.hrtime.bigint();
  const conversation = createConversation(family.protocol, family.protocol === udp ? [40000, 53] : [40000, 8080], {
    counters,
    budget,
    redaction: createRedaction(defaultRedaction),
    onExchange(exchange) {
      exchanges += 1;
      if (longestText(exchange) > textLimit)
        throw new Error(`a text without bound: ${JSON.stringify(exchange).slice(0, 200)}`);
    },
    onName: () => undefined,
    onTls: () => undefined,
  });
  let held = 0;
  for (const segment of fed) {
    conversation.feed(segment);
    held = Math.max(held, budget.used);
    if (budget.used < 0) throw new Error('more memory was given back than taken');
  }
  conversation.sweep(1e15);
  conversation.end();
  const us = Number(process.hrtime.bigint() - started) / 1000;
  if (budget.used !== 0) throw new Error(`${budget.used} bytes are held after the end`);
  return { us, exchanges, held };
}

function measured(family: Family, seed: number): Result {
  const result = run(family, seed);
  if (result.us < doubtfulUs) return result;
  const again = [run(family, seed), run(family, seed)].map(({ us }) => us);
  const us = Math.min(result.us, ...again);
  if (us >= slowUs) throw new Error(`takes ${Math.round(us)} µs`);
  return { ...result, us };
}

function main(): number {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '200000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      at: { type: 'string' },
    },
  });
  const chosen = families.filter(({ name }) => values.only === undefined || name === values.only);
  if (chosen.length === 0) {
    process.stderr.write(
      `--only: there is no ${values.only ?? ''}; choose of ${families.map(({ name }) => name).join(', ')}\n`,
    );
    return 2;
  }
  const perFamily = Math.ceil(Number(values.inputs) / chosen.length);
  const [from, count] = values.at === undefined ? [0, perFamily] : [Number(values.at), 1];
  const line = (...cells: readonly (string | number)[]): void =>
    void process.stdout.write(
      `${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(12) : String(cell).padStart(14))).join('')}\n`,
    );
  line('parser', 'inputs', 'exchanges', 'inputs/s', 'slowest µs', 'most held B');
  for (const family of chosen) {
    let [exchanges, slowest, held] = [0, 0, 0];
    const started = Date.now();
    for (let i = from; i < from + count; i += 1) {
      try {
        const result = measured(family, Number(values.seed) * 0x1000003 + i);
        exchanges += result.exchanges;
        slowest = Math.max(slowest, result.us);
        held = Math.max(held, result.held);
      } catch (error) {
        const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
        process.stderr.write(
          `${family.name} fails: npm run fuzz -- --seed ${values.seed} --only ${family.name} --at ${i}\n${said}\n`,
        );
        return 1;
      }
    }
    const seconds = Math.max(1, Date.now() - started) / 1000;
    line(family.name, count, exchanges, Math.round(count / seconds), Math.round(slowest), held);
  }
  return 0;
}

process.exitCode = main();
