import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { converse, mangled, type Line, type Spoken } from './converse.fixture.ts';
import type { Exchange } from './exchange.ts';
import * as kafka from './kafka.fixture.ts';
import * as mongodb from './mongodb.fixture.ts';
import * as mysql from './mysql.fixture.ts';
import * as postgresql from './postgresql.fixture.ts';
import * as redis from './redis.fixture.ts';
import { clientHello, serverName } from './tls.fixture.ts';

/** `SELECT orders`, `INSERT nowhere !1146`, `PING ?` when nobody answered. */
function told(exchanges: readonly Exchange[]): string[] {
  return exchanges.map((exchange) => {
    if (!('command' in exchange)) return exchange.type;
    const { command, resource, error, isAnswered } = exchange;
    return [command, resource, error === '' ? '' : `!${error}`, isAnswered ? '' : '?']
      .filter((part) => part !== '')
      .join(' ');
  });
}

function spoken(lines: readonly Line[]): Spoken & { readonly told: () => string[] } {
  const conversation = converse();
  lines.forEach(([sender, bytes], i) => conversation.say(sender, bytes, i * 1000));
  return { ...conversation, told: () => told(conversation.exchanges) };
}

const talks: readonly (readonly [string, () => Line[], readonly string[]])[] = [
  [
    'POSTGRESQL',
    postgresql.postgresqlTalk,
    [
      'CONNECT shop',
      'SELECT orders',
      'UPDATE public.carts',
      'UPDATE public.carts',
      'DELETE nowhere !42P01',
      'COPY items',
    ],
  ],
  [
    'MYSQL',
    mysql.mysqlTalk,
    ['CONNECT shop', 'SELECT orders', 'INSERT nowhere !1146', 'PREPARE carts', 'UPDATE carts', 'PING'],
  ],
  ['REDIS', redis.redisTalk, ['HELLO', 'SET', 'GET', 'LPUSH !WRONGTYPE', 'HGETALL', 'EVAL !NOSCRIPT']],
  [
    'MONGODB',
    mongodb.mongodbTalk,
    [
      'isMaster admin',
      'ping admin',
      'find shop.orders',
      'aggregate shop.nowhere !Location40324',
      'insert shop.orders !DuplicateKey',
    ],
  ],
  [
    'KAFKA',
    kafka.kafkaTalk,
    [
      'ApiVersions',
      'Metadata orders',
      'Produce orders !NOT_LEADER_OR_FOLLOWER',
      'Fetch carts',
      'Produce orders ?',
      'Heartbeat !REBALANCE_IN_PROGRESS',
    ],
  ],
];

describe.each(talks)('%s', (type, talk, expected) => {
  it('is recognised by its bytes and read, one exchange for each command', () => {
    const said = spoken(talk());
    expect(said.told()).toEqual(expected);
    expect(new Set(said.exchanges.map((exchange) => exchange.type))).toEqual(new Set([type]));
    expect(said.exchanges.every(({ client }) => client === 0)).toBe(true);
    expect([said.conversation.wanted, said.conversation.outstanding]).toEqual(['heads', 0]);
  });

  it('never keeps a value', () => {
    expect(JSON.stringify(spoken(talk()).exchanges)).not.toContain('secret');
  });

  it('gives the same exchanges however the bytes are cut, reordered and repeated', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { conversation, exchanges, budget } = converse();
        for (const segment of mangled(talk(), seed)) conversation.feed(segment);
        expect(told(exchanges)).toEqual(expected);
        conversation.end();
        expect(budget.used).toBe(0);
      }),
    );
  });

  it('measures from the end of a command to the beginning of its answer', () => {
    const said = spoken(talk());
    const [first] = said.exchanges;
    expect(first).toMatchObject({ latencyNs: 1000 });
  });

  it('reports a command that nobody answered, once', () => {
    const lines = talk();
    const first = lines.findIndex(([sender]) => sender === 0);
    const said = spoken(lines.slice(0, first + 1));
    said.conversation.sweep(3600e9);
    said.conversation.sweep(3600e9);
    said.conversation.end();
    expect(said.told()).toEqual([`${expected[0] ?? ''} ?`]);
  });
});

describe('PostgreSQL', () => {
  const { query, ready, complete, parse, bind, execute, sync, parsed, bound, error, row } = postgresql;
  const opened = (): Spoken & { readonly told: () => string[] } => spoken(postgresql.postgresqlTalk().slice(0, 2));

  it('is recognised when joined in the middle, by a query, a run of a prepared statement, or an answer', () => {
    expect(
      spoken([
        [0, query('SELECT 1')],
        [1, Buffer.concat([complete('SELECT 1'), ready()])],
      ]).told(),
    ).toEqual(['SELECT']);
    const run: Line[] = [
      [0, Buffer.concat([bind('', 's9'), execute(), sync])],
      [1, Buffer.concat([bound, row('x'), complete('SELECT 1'), ready()])],
    ];
    const joined = spoken(run);
    expect(joined.exchanges).toMatchObject([{ type: 'POSTGRESQL', command: '', resource: '', isAnswered: true }]);
    expect(joined.counters.read('postgresql_unknown_statements')).toBe(1);
    const late = spoken([
      [1, Buffer.concat([row('x'), complete('SELECT 1'), ready()])],
      [0, query('COMMIT')],
      [1, Buffer.concat([complete('COMMIT'), ready()])],
    ]);
    expect(late.told()).toEqual(['COMMIT']);
  });

  it('gives an error to what failed, and skips the rest of its pipeline', () => {
    const { say, exchanges, counters } = opened();
    say(0, Buffer.concat([parse('', 'SELECT * FROM gone'), bind('', ''), execute(), bind('', ''), execute(), sync]));
    say(1, Buffer.concat([error('42P01'), ready()]));
    say(0, query('ROLLBACK'));
    say(1, Buffer.concat([complete('ROLLBACK'), ready()]));
    expect(told(exchanges).slice(1)).toEqual(['SELECT gone !42P01', 'ROLLBACK']);
    expect(counters.read('postgresql_skipped_after_error')).toBe(2);
  });

  it('tells a refused login', () => {
    expect(
      spoken([
        [0, postgresql.startup({ user: 'joe' })],
        [1, error('28P01')],
      ]).told(),
    ).toEqual(['CONNECT joe !28P01']);
  });

  it('goes on as TLS, or in the clear, as the server answers the request for it', () => {
    const hello = clientHello([serverName('db.test')]);
    const encrypted = spoken([
      [0, postgresql.sslRequest],
      [1, Buffer.from('S')],
      [0, hello],
    ]);
    expect(encrypted.tls).toMatchObject([{ client: 0, serverName: 'db.test' }]);
    expect(encrypted.exchanges).toEqual([]);
    const clear = spoken([[0, postgresql.sslRequest], [1, Buffer.from('N')], ...postgresql.postgresqlTalk()]);
    expect(clear.told().slice(0, 2)).toEqual(['CONNECT shop', 'SELECT orders']);
  });

  it('answers a query whose rows were not copied, and finds the next answer', () => {
    const { say, sayHead, exchanges, counters } = opened();
    say(0, query('SELECT * FROM big'));
    const rows = Buffer.concat([postgresql.rowDescription, ...Array.from({ length: 500 }, () => row('x'.repeat(90)))]);
    sayHead(1, rows, 512);
    say(0, query('SELECT * FROM next'), 2e9);
    say(1, Buffer.concat([postgresql.rowDescription, complete('SELECT 0'), ready()]), 4e9);
    say(0, query('COMMIT'), 6e9);
    say(1, Buffer.concat([complete('COMMIT'), ready()]), 8e9);
    expect(told(exchanges).slice(1)).toEqual(['SELECT big', 'SELECT next', 'COMMIT']);
    expect([...counters.entries()].filter(([name]) => name.includes('gave_up'))).toEqual([]);
    expect(counters.read('postgresql_answers_skipped')).toBe(1);
  });

  it('forgets the oldest of too many prepared statements', () => {
    const { say, exchanges, counters } = opened();
    for (let i = 0; i < 1100; i += 1) {
      say(0, Buffer.concat([parse(`s${i}`, `SELECT * FROM t${i}`), sync]));
      say(1, Buffer.concat([parsed, ready()]));
    }
    for (const name of ['s0', 's1099']) {
      say(0, Buffer.concat([bind('', name), execute(), sync]));
      say(1, Buffer.concat([bound, complete('SELECT 0'), ready()]));
    }
    expect(told(exchanges).slice(1)).toEqual(['', 'SELECT t1099']);
    expect(counters.read('postgresql_unknown_statements')).toBe(1);
  });
});

describe('MySQL', () => {
  const opened = (more = 0): Spoken & { readonly told: () => string[] } =>
    spoken([
      [1, mysql.greeting],
      [0, mysql.login('shop', more)],
      [1, mysql.okay(2)],
    ]);

  it('goes on as TLS after the client asked for it', () => {
    const hello = clientHello([serverName('db.test')]);
    const said = spoken([
      [1, mysql.greeting],
      [0, mysql.sslRequest],
      [0, hello],
    ]);
    expect(said.tls).toMatchObject([{ client: 0, serverName: 'db.test' }]);
  });

  it.each([
    ['old', false],
    ['new', true],
  ])('follows rows with the %s kind of end, also when packet numbers start over', (_name, isNew) => {
    const { say, exchanges } = opened(isNew ? mysql.deprecateEof : 0);
    for (const table of ['one', 'two']) {
      say(0, mysql.query(`SELECT * FROM ${table}`));
      say(1, mysql.resultSet(600, isNew));
    }
    expect(told(exchanges).slice(1)).toEqual(['SELECT one', 'SELECT two']);
  });

  it('tells an error that comes after rows', () => {
    const { say, exchanges } = opened();
    say(0, mysql.query('SELECT * FROM slow'));
    const rows = mysql.resultSet(2);
    say(1, Buffer.concat([rows.subarray(0, -9), mysql.failure(1317, 6)]));
    expect(told(exchanges).slice(1)).toEqual(['SELECT slow !1317']);
  });

  it('is given up, with the cause, when it is compressed', () => {
    const { conversation, counters } = opened(0x20);
    expect([conversation.wanted, counters.read('mysql_gave_up_compressed')]).toEqual(['none', 1]);
  });

  it('is recognised when joined in the middle by a statement', () => {
    expect(
      spoken([
        [0, mysql.query('select 1 from t')],
        [1, mysql.okay()],
      ]).told(),
    ).toEqual(['SELECT t']);
  });
});

describe('Redis', () => {
  it('does not take what comes to a subscriber for answers', () => {
    const said = spoken([
      [0, redis.command('SUBSCRIBE', 'news')],
      [1, redis.reply('*3\n$9\nsubscribe\n$4\nnews\n:1\n')],
      [1, redis.reply('*3\n$7\nmessage\n$4\nnews\n$6\nsecret\n')],
    ]);
    expect(said.told()).toEqual(['SUBSCRIBE']);
    expect([...said.counters.entries()]).toEqual([]);
  });

  it('steps over a long string that was not copied', () => {
    const { say, skip, exchanges, counters } = spoken([[0, redis.command('GET', 'a')]]);
    const value = redis.bulk(100_000);
    say(1, value.subarray(0, 512));
    skip(1, value.length - 512 - 40);
    say(1, value.subarray(-40), 3e9);
    say(0, redis.command('GET', 'b'), 3e9);
    say(1, redis.reply('-MOVED 1 10.0.0.1:1\n'), 3e9);
    expect(told(exchanges)).toEqual(['GET', 'GET !MOVED']);
    expect([...counters.entries()]).toEqual([]);
  });

  it('gives up values nested too deep', () => {
    const { say, counters } = spoken([[0, redis.command('GET', 'a')]]);
    say(1, redis.reply('*1\n'.repeat(40)));
    expect(counters.read('redis_answers_skipped')).toBe(1);
  });
});

describe('MongoDB', () => {
  it('asks for no answer to a write that wants none, nor to replies of a series', () => {
    const said = spoken([
      [0, mongodb.command(1, { insert: 'orders', $db: 'shop' }, 2)],
      [0, mongodb.command(2, { hello: 1, $db: 'admin' })],
      [1, mongodb.reply(2, { ok: 1 }, 2, 77)],
      [1, mongodb.reply(77, { ok: 1 }, 2, 78)],
      [1, mongodb.reply(78, { ok: 1 }, 0, 79)],
    ]);
    expect(said.told()).toEqual(['insert shop.orders ?', 'hello admin']);
    expect([...said.counters.entries()]).toEqual([]);
  });

  it('has no name for what is compressed, and says how often', () => {
    const body = Buffer.concat([Buffer.from([0xdd, 7, 0, 0, 100, 0, 0, 0, 2]), Buffer.alloc(30, 5)]);
    const said = spoken([
      [0, mongodb.message(1, 0, 2012, body)],
      [1, mongodb.message(2, 1, 2012, body)],
    ]);
    expect(said.exchanges).toMatchObject([{ type: 'MONGODB', command: '', resource: '', isAnswered: true }]);
    expect(said.counters.read('mongodb_compressed')).toBe(1);
  });

  it('pairs by number after a loss, and says that there was one', () => {
    const { say, skip, exchanges, counters } = spoken([[0, mongodb.command(1, { ping: 1, $db: 'admin' })]]);
    skip(1, 100);
    say(0, mongodb.command(2, { find: 'a', $db: 'b' }), 1);
    say(1, mongodb.reply(1, { ok: 1 }).subarray(0, 10), 2);
    skip(1, 30);
    say(1, mongodb.reply(2, { ok: 1 }), 3e9);
    say(0, mongodb.command(3, { ping: 1, $db: 'admin' }), 6e9);
    say(1, mongodb.reply(3, { ok: 1 }), 6e9);
    expect(told(exchanges)).toEqual(['find b.a', 'ping admin']);
    expect(counters.read('mongodb_gave_up_gap')).toBe(1);
  });
});

describe('what is none of these', () => {
  it.each([
    ['text of a chat', Buffer.from('hello there, how are you?\r\n')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['SMTP', Buffer.from('220 mail.test ESMTP\r\n')],
    ['zeros', Buffer.alloc(300)],
    ['ones', Buffer.alloc(300, 0xff)],
    ['AMQP', Buffer.from('AMQP\0\0\x09\x01')],
    ['MQTT', Buffer.from('\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02id', 'latin1')],
    ['Cassandra', Buffer.from('\x04\0\0\0\x05\0\0\0\0', 'latin1')],
    ['a Kafka request whose client has no printable name', kafka.request(3, 1, 1, Buffer.alloc(9)).fill(1, 14, 19)],
  ])('is not taken for one of them: %s', (_name, bytes) => {
    const { say, conversation, exchanges, tls } = converse();
    for (let i = 0; i < 14; i += 1) say(i % 2 === 0 ? 0 : 1, bytes);
    conversation.end();
    expect([conversation.wanted, exchanges, tls]).toEqual(['none', [], []]);
  });
});
