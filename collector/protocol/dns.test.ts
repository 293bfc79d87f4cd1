import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounters } from '../counters.ts';
import { formatAddress } from '../decode/address.ts';
import { parseDnsMessage } from './dns-message.ts';
import { createDnsPairing, type LearnedName } from './dns-pairing.ts';
import type { DnsExchange } from './exchange.ts';

function nameBytes(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}

const numbers = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  HTTPS: 65,
} as const;
type TypeName = keyof typeof numbers;

interface RecordFields {
  readonly name?: Buffer;
  readonly type: TypeName | number;
  readonly ttl?: number;
  readonly data: Buffer;
}

/** Points at the question's name. */
const toQuestion = Buffer.from([0xc0, 12]);

interface MessageFields {
  readonly id?: number;
  readonly name?: string;
  readonly type?: TypeName;
  readonly isResponse?: boolean;
  readonly rcode?: number;
  readonly answers?: readonly RecordFields[];
  readonly additional?: readonly RecordFields[];
}

function recordBytes({ name = toQuestion, type, ttl = 60, data }: RecordFields): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(typeof type === 'number' ? type : numbers[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}

function message(fields: MessageFields = {}): Buffer {
  const { answers = [], additional = [], isResponse = answers.length > 0 || fields.rcode !== undefined } = fields;
  const header = Buffer.alloc(12);
  header.writeUInt16BE(fields.id ?? 7, 0);
  header.writeUInt16BE((isResponse ? 0x8180 : 0x0100) | (fields.rcode ?? 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt16BE(additional.length, 10);
  const question = Buffer.concat([
    nameBytes(fields.name ?? 'api.test'),
    Buffer.from([0, numbers[fields.type ?? 'A'], 0, 1]),
  ]);
  return Buffer.concat([header, question, ...[...answers, ...additional].map(recordBytes)]);
}

const a = (...bytes: readonly number[]): RecordFields => ({ type: 'A', data: Buffer.from(bytes) });

describe('DNS messages', () => {
  it.each<[string, MessageFields, object]>([
    [
      'a query',
      { name: 'Api.TEST' },
      { isResponse: false, name: 'api.test', type: 'A', rcode: 'NOERROR', answers: [] },
    ],
    ['an address', { answers: [a(10, 0, 0, 1)] }, { answers: ['10.0.0.1'], ttl: 60 }],
    [
      'an IPv6 address',
      { type: 'AAAA', answers: [{ type: 'AAAA', data: Buffer.from('fd770000000000000000000000000020', 'hex') }] },
      { type: 'AAAA', answers: ['fd77::20'] },
    ],
    [
      'a chain of names, with the shortest time to live',
      {
        answers: [
          { type: 'CNAME', ttl: 30, data: Buffer.concat([Buffer.from([3]), Buffer.from('www'), toQuestion]) },
          { ...a(10, 0, 0, 1), ttl: 300, name: nameBytes('www.api.test') },
        ],
      },
      { answers: ['www.api.test', '10.0.0.1'], ttl: 30 },
    ],
    [
      'other types',
      {
        answers: [
          { type: 'MX', data: Buffer.concat([Buffer.from([0, 10]), nameBytes('mail.test')]) },
          { type: 'SRV', data: Buffer.concat([Buffer.from([0, 1, 0, 2, 0x1f, 0x90]), nameBytes('srv.test')]) },
          { type: 'TXT', data: Buffer.from('\x05hello\x06 world') },
          { type: 'PTR', data: nameBytes('host.test') },
          { type: 'SOA', data: Buffer.concat([nameBytes('ns.test'), nameBytes('me.test'), Buffer.alloc(20, 1)]) },
          { type: 'HTTPS', data: Buffer.concat([Buffer.from([0, 1]), nameBytes('')]) },
          { type: 999, data: Buffer.from([1, 2]) },
        ],
      },
      {
        answers: [
          '10 mail.test',
          '1 2 8080 srv.test',
          'hello world',
          'host.test',
          'ns.test me.test 16843009 16843009 16843009 16843009 16843009',
          '1 .',
          '\\# 2 0102',
        ],
      },
    ],
    ['NXDOMAIN', { rcode: 3 }, { rcode: 'NXDOMAIN' }],
    ['SERVFAIL', { rcode: 2 }, { rcode: 'SERVFAIL' }],
    ['REFUSED', { rcode: 5 }, { rcode: 'REFUSED' }],
    ['a code nobody named', { rcode: 13 }, { rcode: 'RCODE13' }],
    [
      'a code that EDNS extends',
      { rcode: 0, additional: [{ name: Buffer.from([0]), type: 'OPT', ttl: 0x01000000, data: Buffer.alloc(0) }] },
      { rcode: 'BADVERS' },
    ],
  ])('reads %s', (_name, fields, expected) => {
    expect(parseDnsMessage(message(fields))).toMatchObject({ isCut: false, ...expected });
  });

  it('ends on pointers that lead in circles or forwards', () => {
    const circle = message();
    const loop = Buffer.concat([circle.subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
    const forwards = Buffer.concat([circle.subarray(0, 12), Buffer.from([0xc0, 20, 0, 1, 0, 1, 0, 0, 0, 0])]);
    expect(parseDnsMessage(loop)).toBeUndefined();
    expect(parseDnsMessage(forwards)).toBeUndefined();
  });

  it('says when the capture cut answers off, and keeps those before', () => {
    const whole = message({ answers: [a(10, 0, 0, 1), a(10, 0, 0, 2)] });
    expect(parseDnsMessage(whole.subarray(0, -2))).toMatchObject({ isCut: true, answers: ['10.0.0.1'] });
  });

  it('reads or refuses any bytes without throwing', () => {
    const valid = message({ answers: [a(10, 0, 0, 1)] });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(),
        (edits, cut) => {
          const bytes = Buffer.from(valid);
          for (const [at, value] of edits) bytes[at] = value;
          parseDnsMessage(bytes.subarray(0, cut % (bytes.length + 1)));
        },
      ),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseDnsMessage(Buffer.from(bytes))));
  });
});

function pairing() {
  const exchanges: DnsExchange[] = [];
  const names: LearnedName[] = [];
  const counters = createCounters();
  const dns = createDnsPairing({
    counters,
    onExchange: (exchange) => exchanges.push(exchange),
    onName: (name) => names.push(name),
  });
  return { dns, exchanges, names, counters };
}

describe('DNS exchanges', () => {
  it('pairs by id and question and learns the name that was asked for', () => {
    const { dns, exchanges, names } = pairing();
    dns.datagram(0, message({ id: 1, name: 'one.test' }), 1000);
    dns.datagram(0, message({ id: 1, name: 'two.test' }), 2000);
    dns.datagram(1, message({ id: 1, name: 'TWO.test', answers: [a(10, 0, 0, 2)] }), 5000);
    dns.datagram(1, message({ id: 1, name: 'one.test', rcode: 3 }), 7000);
    expect(exchanges).toMatchObject([
      {
        client: 0,
        isAnswered: true,
        name: 'two.test',
        requestNs: 2000,
        latencyNs: 3000,
        rcode: 'NOERROR',
        answers: ['10.0.0.2'],
      },
      { client: 0, isAnswered: true, name: 'one.test', requestNs: 1000, latencyNs: 6000, rcode: 'NXDOMAIN' },
    ]);
    expect(names.map(({ name, addresses }) => [name, addresses.map(formatAddress)])).toEqual([
      ['two.test', ['10.0.0.2']],
    ]);
  });

  it('counts a repeated query and a second answer, and reports one exchange', () => {
    const { dns, exchanges, counters } = pairing();
    for (const at of [1, 2]) dns.datagram(0, message(), at);
    for (const at of [3, 4]) dns.datagram(1, message({ answers: [a(10, 0, 0, 1)] }), at);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]?.requestNs).toBe(1);
    expect([counters.read('dns_repeated_queries'), counters.read('dns_orphan_answers')]).toEqual([1, 1]);
  });

  it('reports a query without an answer after ten seconds', () => {
    const { dns, exchanges } = pairing();
    dns.datagram(1, message({ type: 'AAAA' }), 1e9);
    dns.sweep(11e9);
    expect(exchanges).toHaveLength(0);
    dns.sweep(11.1e9);
    expect(exchanges).toMatchObject([{ client: 1, isAnswered: false, rcode: '', queryType: 'AAAA', latencyNs: 0 }]);
    expect(dns.outstanding).toBe(0);
  });

  it('counts what is no DNS', () => {
    const { dns, counters } = pairing();
    dns.datagram(0, Buffer.from('not dns'), 0);
    expect(counters.read('dns_malformed')).toBe(1);
  });
});
