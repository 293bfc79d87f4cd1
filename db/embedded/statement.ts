/**
 * Reads just enough of a SQL text to run it: which kind of statement it is, its output format, and where the data of
 * an INSERT begins. The engine does the real parsing.
 */
import { StoreError } from './store-error.ts';

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export type Statement =
  /** SELECT and its like; `formatAt` is where a FORMAT clause stands or would. */
  | { readonly kind: 'select'; readonly format: string | null; readonly formatAt: number; readonly hasTotals: boolean }
  /** INSERT whose rows follow, in this text from `dataAt` or in the request's body. */
  | {
      readonly kind: 'insert';
      readonly head: string;
      readonly settings: string;
      readonly format: string;
      readonly dataAt: number;
    }
  /** Everything else runs as it is. */
  | { readonly kind: 'other'; readonly format: string | null };

const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const blank = /\s+|--[^\n]*|#![^\n]*|# [^\n]*/y;
const number = /[0-9][A-Za-z0-9_.]*/y;

function skipQuoted(sql: string, start: number): number {
  const quote = sql[start];
  for (let i = start + 1; i < sql.length; i += 1) {
    if (sql[i] === '\\') i += 1;
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1;
      i += 1;
    }
  }
  throw new StoreError(62, 'SYNTAX_ERROR', `Syntax error: unclosed ${quote ?? ''} at position ${start + 1}`);
}

/** A comment's end; comments nest in ClickHouse. */
function skipComment(sql: string, start: number): number {
  let depth = 0;
  for (let i = start; i < sql.length; i += 1) {
    if (sql.startsWith('/*', i)) {
      depth += 1;
      i += 1;
    } else if (sql.startsWith('*/', i)) {
      depth -= 1;
      i += 1;
      if (depth === 0) return i + 1;
    }
  }
  throw new StoreError(62, 'SYNTAX_ERROR', `Syntax error: unclosed comment at position ${start + 1}`);
}

function matchAt(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}

/** Tokens outside of brackets; what stands in brackets is one token, `(`. */
function* topLevelTokens(sql: string): Generator<Token> {
  let depth = 0;
  let at = 0;
  while (at < sql.length) {
    const start = at;
    const character = sql.charAt(at);
    const blankEnd = matchAt(blank, sql, at);
    if (blankEnd > at) {
      at = blankEnd;
      continue;
    }
    if (sql.startsWith('/*', at)) {
      at = skipComment(sql, at);
      continue;
    }
    if (character === "'" || character === '"' || character === '`') at = skipQuoted(sql, at);
    else if ('([{'.includes(character)) {
      at += 1;
      depth += 1;
      if (depth === 1) yield { text: '(', start, end: at };
      continue;
    } else if (')]}'.includes(character)) {
      at += 1;
      depth = Math.max(0, depth - 1);
      continue;
    } else at = Math.max(at + 1, matchAt(word, sql, at), matchAt(number, sql, at));
    if (depth === 0) yield { text: sql.slice(start, at), start, end: at };
  }
}

const selects = new Set(['SELECT', 'WITH', 'FROM', '(', 'VALUES']);
const isName = (token: Token | undefined): token is Token => token !== undefined && /^[A-Za-z_]\w*$/.test(token.text);

/** `sql` may be a latin1 view of the bytes: only ASCII is looked at, and positions are those of the bytes then. */
export function parseStatement(sql: string): Statement {
  const tokens = topLevelTokens(sql);
  const first = tokens.next();
  if (first.done === true) throw new StoreError(62, 'SYNTAX_ERROR', 'Empty query');
  const keyword = first.value.text.toUpperCase();
  // The rows of an INSERT are no SQL, so its tokens are read one by one and not past the head.
  if (keyword === 'INSERT') return parseInsert(sql, tokens);
  const rest = [...tokens];
  refuseHostFiles(rest);
  const { format, formatAt } = outputFormat(sql, refuseMany(rest));
  if (!selects.has(keyword)) return { kind: 'other', format };
  const hasTotals = rest.some(({ text }) => text.toUpperCase() === 'TOTALS');
  return { kind: 'select', format, formatAt, hasTotals };
}

/** ClickHouse takes one statement per request. A lone semicolon at the end is none. */
function refuseMany(tokens: readonly Token[]): readonly Token[] {
  const at = tokens.findIndex(({ text }) => text === ';');
  if (at >= 0 && at < tokens.length - 1) {
    throw new StoreError(62, 'SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)');
  }
  return tokens;
}

/** Over HTTP a server refuses INTO OUTFILE: it is the client's part. Here it would write on the store's host. */
function refuseHostFiles(tokens: readonly Token[]): void {
  const isOutfile = tokens.some(
    ({ text }, i) => text.toUpperCase() === 'OUTFILE' && tokens[i - 1]?.text.toUpperCase() === 'INTO',
  );
  if (isOutfile) throw new StoreError(358, 'INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed');
}

function outputFormat(sql: string, tokens: readonly Token[]): { format: string | null; formatAt: number } {
  const last = tokens.at(-1);
  const end = last?.text === ';' ? last.start : sql.length;
  const at = tokens.findLastIndex(({ text }, i) => text.toUpperCase() === 'FORMAT' && isName(tokens[i + 1]));
  const name = tokens[at + 1];
  const next = tokens[at + 2];
  const isClause = next === undefined || next.text === ';' || next.text.toUpperCase() === 'SETTINGS';
  const clause = tokens[at];
  if (at < 0 || clause === undefined || name === undefined || !isClause) return { format: null, formatAt: end };
  return { format: name.text, formatAt: clause.start };
}

function parseInsert(sql: string, tokens: Generator<Token>): Statement {
  let settingsAt: number | null = null;
  let previous = 'INSERT';
  const insert = (clause: Token, format: string, dataAt: number): Statement => ({
    kind: 'insert',
    head: sql.slice(0, settingsAt ?? clause.start),
    settings: settingsAt === null ? '' : sql.slice(settingsAt, clause.start),
    format,
    dataAt,
  });
  for (const token of tokens) {
    const text = token.text.toUpperCase();
    if (text === 'SELECT' || text === 'WITH') {
      const rest = [...tokens];
      refuseMany(rest);
      return { kind: 'other', format: null };
    }
    if (text === 'INFILE' && previous === 'FROM') {
      throw new StoreError(48, 'NOT_IMPLEMENTED', 'FROM INFILE reads a file of the client: send its bytes as the body');
    }
    if (text === 'SETTINGS' && settingsAt === null && previous !== 'INTO') settingsAt = token.start;
    if (text === 'VALUES' && previous !== 'INTO') return insert(token, 'Values', token.end);
    if (text === 'FORMAT' && previous !== 'INTO') {
      const name = tokens.next().value as Token | undefined;
      if (!isName(name)) throw new StoreError(62, 'SYNTAX_ERROR', 'Syntax error: FORMAT wants a name');
      return insert(token, name.text, afterLineBreak(sql, name.end));
    }
    previous = text;
  }
  throw new StoreError(62, 'SYNTAX_ERROR', 'Syntax error: INSERT wants VALUES, FORMAT or SELECT');
}

/** Blanks up to and including one line break separate a format's name from its data. */
function afterLineBreak(sql: string, end: number): number {
  return matchAt(/[ \t\r\f;]*\n?/y, sql, end);
}
