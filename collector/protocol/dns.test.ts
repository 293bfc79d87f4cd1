import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounters } from '../counters.ts';
import { formatAddress } from '../decode/address.ts';
import { converse, mangled, timeless } from './converse.fixture.ts';
import { isDnsQuery, parseDnsMessage } from './dns-message.ts';
import { createDnsPairing, type LearnedName } from './dns-pairing.ts';
import { a, dnsOverTcp, framed, message, nameBytes, toQuestion, type MessageFields } from './dns.fixture.ts';
import type { DnsExchange } from './exchange.ts';

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
      { answers: ['10.0.0.1'], aliases: ['www.api.test'], ttl: 30 },
    ],
    [
      'an alias that was asked for',
      { type: 'CNAME', answers: [{ type: 'CNAME', data: nameBytes('real.test') }] },
      { answers: ['real.test'], aliases: ['real.test'] },
    ],
    [
      'the types that security and services have',
      {
        answers: [
          { type: 'CAA', data: Buffer.from('\x00\x05issueca.test', 'latin1') },
          { type: 'DS', data: Buffer.from([0x12, 0x34, 8, 2, 0xab, 0xcd]) },
          { type: 'SSHFP', data: Buffer.from([4, 2, 0xff]) },
          { type: 'DNSKEY', data: Buffer.from([1, 1, 3, 8, 1, 2, 3]) },
          { type: 'TLSA', data: Buffer.from([3, 1, 1, 0x0a]) },
          { type: 'DNAME', data: nameBytes('new.test') },
          { type: 'NS', data: nameBytes('') },
          {
            type: 'NAPTR',
            data: Buffer.concat([Buffer.from([0, 1, 0, 2, 1]), Buffer.from('S\x07SIP+D2U\x00'), nameBytes('sip.test')]),
          },
          {
            type: 'HTTPS',
            data: Buffer.concat([
              Buffer.from([0, 1, 0]),
              Buffer.from([0, 1, 0, 6, 2, 0x68, 0x32, 2, 0x68, 0x33]),
              Buffer.from([0, 3, 0, 2, 0x20, 0xfb]),
              Buffer.from([0, 4, 0, 4, 10, 0, 0, 1]),
              Buffer.from([0x02, 0x9a, 0, 1, 7]),
            ]),
          },
        ],
      },
      {
        answers: [
          '0 issue "ca.test"',
          '4660 8 2 abcd',
          '4 2 ff',
          '257 3 8 AQID',
          '3 1 1 0a',
          'new.test',
          '.',
          '1 2 "S" "SIP+D2U" "" sip.test',
          '1 . alpn=h2,h3 port=8443 ipv4hint=10.0.0.1 key666=07',
        ],
      },
    ],
    ['a type nobody named', { type: 65_280 }, { type: 'TYPE65280' }],
    ['a truncated answer', { rcode: 0, isTruncated: true }, { isTruncated: true, rcode: 'NOERROR' }],
    ['a code that says how a transfer failed', { rcode: 9 }, { rcode: 'NOTAUTH' }],
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

  it('escapes what would make two names look like one', () => {
    const odd = message({ name: 'xx.test' });
    odd.write('.\t', 13, 'latin1');
    expect(parseDnsMessage(odd)).toMatchObject({ name: '\\.\\009.test' });
  });

  it('reads a refusal that does not repeat the question', () => {
    const bytes = message({ rcode: 1 }).subarray(0, 12);
    bytes.writeUInt16BE(0, 4);
    expect(parseDnsMessage(bytes)).toMatchObject({ isResponse: true, name: '', type: '', rcode: 'FORMERR' });
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
    dns.message(0, message({ id: 1, name: 'one.test' }), 1000);
    dns.message(0, message({ id: 1, name: 'two.test' }), 2000);
    dns.message(1, message({ id: 1, name: 'TWO.test', answers: [a(10, 0, 0, 2)] }), 5000);
    dns.message(1, message({ id: 1, name: 'one.test', rcode: 3 }), 7000);
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

  it('learns what the name stands for beside it, in lower case', () => {
    const { dns, names } = pairing();
    const alias = { type: 'CNAME', data: nameBytes('Edge.CDN.test') } as const;
    dns.message(0, message({ name: 'www.test' }), 1);
    dns.message(1, message({ name: 'www.test', answers: [alias, a(203, 0, 113, 7)] }), 2);
    expect(names).toMatchObject([{ name: 'www.test', aliases: ['edge.cdn.test'] }]);
  });

  it('counts a repeated query and a second answer, and reports one exchange', () => {
    const { dns, exchanges, counters } = pairing();
    for (const at of [1, 2]) dns.message(0, message(), at);
    for (const at of [3, 4]) dns.message(1, message({ answers: [a(10, 0, 0, 1)] }), at);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]?.requestNs).toBe(1);
    expect([counters.read('dns_repeated_queries'), counters.read('dns_orphan_answers')]).toEqual([1, 1]);
  });

  it('reports a query without an answer after ten seconds', () => {
    const { dns, exchanges } = pairing();
    dns.message(1, message({ type: 'AAAA' }), 1e9);
    dns.sweep(11e9);
    expect(exchanges).toHaveLength(0);
    dns.sweep(11.1e9);
    expect(exchanges).toMatchObject([{ client: 1, isAnswered: false, rcode: '', queryType: 'AAAA', latencyNs: 0 }]);
    expect(dns.outstanding).toBe(0);
  });

  it('answers a query by its id alone when the response repeats no question', () => {
    const { dns, exchanges } = pairing();
    const refusal = message({ rcode: 1 }).subarray(0, 12);
    refusal.writeUInt16BE(0, 4);
    dns.message(0, message(), 1);
    dns.message(1, refusal, 2);
    expect(exchanges).toMatchObject([{ isAnswered: true, name: 'api.test', rcode: 'FORMERR' }]);
  });

  it('tells a truncated answer from a whole one', () => {
    const { dns, exchanges } = pairing();
    dns.message(0, message(), 1);
    dns.message(1, message({ rcode: 0, isTruncated: true }), 2);
    expect(exchanges).toMatchObject([{ isAnswered: true, rcode: 'NOERROR', error: 'TRUNCATED' }]);
  });

  it('counts updates and notifications, which ask for nothing, apart', () => {
    const { dns, exchanges, counters } = pairing();
    dns.message(0, message({ opcode: 5 }), 1);
    expect([dns.outstanding, exchanges.length, counters.read('dns_other_opcodes')]).toEqual([0, 0, 1]);
  });

  it('counts what is no DNS', () => {
    const { dns, counters } = pairing();
    dns.message(0, Buffer.from('not dns'), 0);
    expect(counters.read('dns_malformed')).toBe(1);
  });
});

describe('DNS over TCP', () => {
  const told = [
    { name: 'two.test', queryType: 'AAAA', rcode: 'NXDOMAIN' },
    { name: 'one.test', queryType: 'A', rcode: 'NOERROR', answers: ['10.0.0.1', '10.0.0.2'] },
    { name: 'text.test', queryType: 'TXT', answers: ['ok'] },
  ];

  it.each([53, 8053])('is recognised by its bytes, on port %i', (port) => {
    const { say, exchanges } = converse({ ports: [40000, port] });
    for (const [sender, bytes] of dnsOverTcp()) say(sender, bytes);
    expect(exchanges).toMatchObject(told);
  });

  it('gives the same exchanges however the bytes are cut, reordered and repeated', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { conversation, exchanges, budget } = converse({ ports: [40000, 53] });
        for (const segment of mangled(dnsOverTcp(), seed)) conversation.feed(segment);
        expect(timeless(exchanges)).toMatchObject(told);
        conversation.end();
        expect(budget.used).toBe(0);
      }),
    );
  });

  it('loses one answer with the bytes that were lost, says so and goes on', () => {
    const { say, skip, exchanges, counters, conversation } = converse({ ports: [40000, 53] });
    const ask = (id: number): void => say(0, framed(message({ id })), id);
    const answer = (id: number): Buffer => framed(message({ id, answers: [a(10, 0, 0, id)] }));
    ask(1);
    say(1, answer(1));
    ask(2);
    skip(1, answer(2).length);
    ask(3);
    say(1, answer(3), 3e9);
    ask(4);
    say(1, answer(4), 6e9);
    say(1, answer(5), 9e9);
    conversation.end();
    expect(exchanges.map((exchange) => exchange.isAnswered)).toEqual([true, true, true, false]);
    expect(counters.read('dns_gave_up_gap')).toBe(1);
  });

  it('takes a zone transfer of many messages for one exchange', () => {
    const { say, exchanges, counters } = converse({ ports: [40000, 53] });
    say(0, framed(message({ type: 'AXFR' })));
    for (let i = 0; i < 3; i += 1) say(1, framed(message({ type: 'AXFR', answers: [a(10, 0, 0, i)] })));
    expect(exchanges).toHaveLength(1);
    expect(counters.read('dns_orphan_answers')).toBe(0);
  });

  it('is not seen in what only resembles a query', () => {
    const query = framed(message());
    expect(isDnsQuery(query)).toBe(true);
    expect(isDnsQuery(framed(message({ rcode: 0 })))).toBe(false);
    expect(isDnsQuery(query.subarray(0, -1))).toBe(false);
    for (const at of [0, 4, 5, 7]) {
      const other = Buffer.from(query);
      other[at] = (other[at] ?? 0) ^ 0x48;
      expect(isDnsQuery(other)).toBe(false);
    }
  });
});

describe('datagrams', () => {
  it.each([
    ['multicast DNS', [5353, 5353]],
    ['LLMNR', [50000, 5355]],
  ] as const)('of %s are no conversation of a client with a server', (_name, ports) => {
    const { say, exchanges, conversation } = converse({ protocol: 17, ports });
    say(0, message({ id: 0 }));
    say(1, message({ id: 0, answers: [a(10, 0, 0, 1)] }));
    conversation.end();
    expect([conversation.wanted, exchanges]).toEqual(['none', []]);
  });
});
