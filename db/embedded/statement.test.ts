import { describe, expect, it } from 'vitest';
import { parseStatement } from './statement.ts';

const codeOf = (sql: string): number => {
  try {
    parseStatement(sql);
    return 0;
  } catch (error) {
    return (error as { code: number }).code;
  }
};

describe('parseStatement', () => {
  it.each([
    ['a plain query', 'SELECT 1', null],
    ['a format', 'SELECT 1 FORMAT CSV', 'CSV'],
    ['a format in lower case, and a semicolon', 'select 1 format CSV ;', 'CSV'],
    ['settings behind the format', 'SELECT 1 FORMAT CSV SETTINGS max_threads = 1', 'CSV'],
    ['settings before it', 'SELECT 1 SETTINGS max_threads = 1 FORMAT CSV', 'CSV'],
    ['a format in a string', "SELECT ' FORMAT CSV'", null],
    ['a format in a comment', 'SELECT 1 -- FORMAT CSV', null],
    ['a format in a nested comment', 'SELECT 1 /* /* */ FORMAT CSV */', null],
    ['a function of that name', "SELECT format('{}', x) FROM t", null],
    ['a format in a subquery', 'SELECT * FROM (SELECT 1 FORMAT CSV)', null],
    ['a quote in a string', "SELECT 'it''s \\' FORMAT X' FORMAT CSV", 'CSV'],
    ['an array', 'WITH [1, 2] AS x SELECT x FORMAT CSV', 'CSV'],
  ])('finds the output format: %s', (_name, sql, format) => {
    const statement = parseStatement(sql);
    expect(statement).toMatchObject({ kind: 'select', format });
    if (statement.kind === 'select' && format !== null) expect(sql.slice(statement.formatAt)).toMatch(/^format/i);
  });

  it.each([
    ['SHOW TABLES', null],
    ['EXPLAIN SELECT 1 FORMAT TSV', 'TSV'],
    ['CREATE TABLE t (a UInt8) ENGINE = Memory', null],
    ['INSERT INTO t SELECT 1', null],
    ['INSERT INTO FUNCTION null() WITH 1 AS x SELECT x', null],
  ])('leaves %s to the engine as it is', (sql, format) => {
    expect(parseStatement(sql)).toEqual({ kind: 'other', format });
  });

  it.each([
    ['INSERT INTO t FORMAT Native\nDATA', 'INSERT INTO t ', '', 'Native', 'DATA'],
    ['INSERT INTO t (a, b) FORMAT JSONEachRow {"a":1}', 'INSERT INTO t (a, b) ', '', 'JSONEachRow', '{"a":1}'],
    ["INSERT INTO t VALUES (1, 'x;y')", 'INSERT INTO t ', '', 'Values', " (1, 'x;y')"],
    ['INSERT INTO t SETTINGS a = 1 FORMAT CSV\n1', 'INSERT INTO t ', 'SETTINGS a = 1 ', 'CSV', '1'],
    ['/* x */ insert into values values (1)', '/* x */ insert into values ', '', 'Values', ' (1)'],
    ['INSERT INTO t FORMAT RowBinary', 'INSERT INTO t ', '', 'RowBinary', ''],
  ])('finds where the rows of %s begin', (sql, head, settings, format, data) => {
    const statement = parseStatement(sql);
    expect(statement).toMatchObject({ kind: 'insert', head, settings, format });
    if (statement.kind === 'insert') expect(sql.slice(statement.dataAt)).toBe(data);
  });

  it.each([
    ['nothing', '  -- only a comment', 62],
    ['two statements', 'SELECT 1; SELECT 2', 62],
    ['two statements behind an INSERT', 'INSERT INTO t SELECT 1; DROP TABLE t', 62],
    ['an open string', "SELECT 'x", 62],
    ['an open comment', 'SELECT /* x', 62],
    ['an INSERT without rows', 'INSERT INTO t', 62],
    ['INTO OUTFILE', "SELECT 1 INTO OUTFILE '/etc/passwd'", 358],
    ['FROM INFILE', "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString", 48],
  ])('refuses %s', (_name, sql, code) => {
    expect(codeOf(sql)).toBe(code);
  });
});
