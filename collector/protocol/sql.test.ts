import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStatement, startsLikeStatement, type Dialect } from './sql.ts';

const read = (sql: string, dialect: Dialect = 'postgresql'): string => {
  const { verb, table } = readStatement(sql, dialect);
  return `${verb} ${table}`.trim();
};

describe('a SQL statement', () => {
  it.each([
    ['select * from orders', 'SELECT orders'],
    ['SELECT 1', 'SELECT'],
    ['  -- a comment\n /* another */ (SELECT a FROM ONLY public."Order s" o JOIN x ON 1=1)', 'SELECT public.Order s'],
    ['SELECT EXTRACT(year FROM at), trim(both FROM b) FROM events', 'SELECT events'],
    ['SELECT * FROM (SELECT * FROM (SELECT 1 FROM deep) a) b', 'SELECT deep'],
    ['SELECT (SELECT 1 FROM inner_one) FROM outer_one', 'SELECT outer_one'],
    ['SELECT * FROM generate_series(1, 3)', 'SELECT generate_series'],
    ['INSERT INTO shop.orders (a) VALUES (1)', 'INSERT shop.orders'],
    ['UPDATE ONLY carts SET a = 1 FROM other', 'UPDATE carts'],
    ['DELETE FROM a WHERE b IN (SELECT c FROM d)', 'DELETE a'],
    ['WITH x AS (SELECT 1 FROM y), z AS (DELETE FROM w) INSERT INTO t SELECT * FROM x', 'INSERT t'],
    ['CREATE TABLE IF NOT EXISTS t (a int)', 'CREATE t'],
    ['CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)', 'CREATE t'],
    ['ALTER TABLE t ADD b int', 'ALTER t'],
    ['TRUNCATE TABLE t', 'TRUNCATE t'],
    ['COPY t (a, b) FROM STDIN', 'COPY t'],
    ['BEGIN', 'BEGIN'],
    ['begin;select * from a', 'BEGIN'],
    ['SET search_path TO x', 'SET'],
    ['MERGE INTO t USING s ON a', 'MERGE t'],
    ['hunter2 is no verb', ''],
    ['', ''],
    ["'SELECT' FROM t", ''],
  ])('%s: %s', (sql, expected) => {
    expect(read(sql)).toBe(expected);
  });

  it.each([
    ["SELECT 'it''s FROM a' FROM b", 'SELECT b'],
    ["SELECT E'\\' FROM a' FROM b", 'SELECT b'],
    ["SELECT '\\' FROM b", 'SELECT b'],
    ['SELECT $$ FROM a $$, $x$ FROM $$ c $x$, $1 FROM b', 'SELECT b'],
    ["SELECT 'never ends FROM a", 'SELECT'],
    ['SELECT /* FROM a */ 1 -- FROM c\n FROM b', 'SELECT b'],
  ])('steps over literals and comments as PostgreSQL writes them: %s', (sql, expected) => {
    expect(read(sql)).toBe(expected);
  });

  it.each([
    ["SELECT '\\' FROM a' FROM b", 'SELECT b'],
    ['SELECT " FROM a" FROM `b`.`c d`', 'SELECT b.c d'],
    ['SELECT 1 # FROM a\n FROM b', 'SELECT b'],
    ['SELECT * FROM "secret"', 'SELECT'],
    ['INSERT LOW_PRIORITY IGNORE INTO t VALUES (1)', 'INSERT t'],
    ['REPLACE INTO t VALUES (1)', 'REPLACE t'],
    ['UPDATE LOW_PRIORITY t SET a = 1', 'UPDATE t'],
    ['USE shop', 'USE shop'],
  ])('steps over literals and comments as MySQL writes them: %s', (sql, expected) => {
    expect(read(sql, 'mysql')).toBe(expected);
  });

  it('never tells a piece of a literal', () => {
    const quoted = (quote: string) =>
      fc
        .string({ maxLength: 40 })
        .map((text) => `${quote}${text.replaceAll(quote, quote + quote)} FROM hunter2 ${quote}`);
    fc.assert(
      fc.property(fc.array(quoted("'"), { minLength: 1, maxLength: 5 }), (literals) => {
        expect(read(`SELECT ${literals.join(', ')} FROM t`)).toBe('SELECT t');
      }),
    );
  });

  it('ends for any text, however long', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.constantFrom<Dialect>('postgresql', 'mysql'), (text, dialect) => {
        expect(readStatement(`SELECT ${text}`, dialect).table.length).toBeLessThanOrEqual(128);
      }),
    );
    expect(read(`SELECT ${'('.repeat(100_000)}`)).toBe('SELECT');
  });

  it('starts with a verb that we know', () => {
    expect(startsLikeStatement(Buffer.from(' \nselect(1)'), 0)).toBe(true);
    expect(startsLikeStatement(Buffer.from('COMMIT\0'), 0)).toBe(true);
    expect(startsLikeStatement(Buffer.from('selector x'), 0)).toBe(false);
    expect(startsLikeStatement(Buffer.from('get x'), 0)).toBe(false);
  });
});
