/**
 * Reads what a SQL statement does and to which table: its verb and the first name after FROM, INTO, UPDATE and the like.
 * It stores nothing else: literals and comments are stepped over, in the way that the dialect writes them, so that no
 * piece of a value is ever taken for a name.
 */
export interface Statement {
  /** In capitals; empty when it is no verb that we know. */
  readonly verb: string;
  readonly table: string;
}

export type Dialect = 'postgresql' | 'mysql';

const verbs: ReadonlySet<string> = new Set(
  (
    'SELECT INSERT UPDATE DELETE MERGE REPLACE UPSERT CREATE ALTER DROP TRUNCATE RENAME BEGIN START COMMIT ROLLBACK END ' +
    'ABORT SAVEPOINT RELEASE SET RESET SHOW EXPLAIN ANALYZE VACUUM COPY CALL DO EXECUTE PREPARE DEALLOCATE DECLARE FETCH ' +
    'MOVE CLOSE LOCK UNLOCK GRANT REVOKE LISTEN UNLISTEN NOTIFY DISCARD VALUES TABLE CLUSTER REINDEX REFRESH COMMENT ' +
    'CHECKPOINT LOAD USE DESCRIBE DESC KILL FLUSH OPTIMIZE REPAIR CHECK HANDLER PURGE CHANGE STOP XA REASSIGN IMPORT'
  ).split(' '),
);
/** What a statement that starts with WITH goes on to do. */
const afterWith: ReadonlySet<string> = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE', 'VALUES']);
/** Words after which the table's name stands, by verb. */
const before: Readonly<Record<string, readonly string[]>> = {
  SELECT: ['FROM'],
  DELETE: ['FROM'],
  SHOW: [],
  INSERT: ['INTO'],
  REPLACE: ['INTO'],
  MERGE: ['INTO'],
  UPDATE: ['UPDATE'],
  COPY: ['COPY'],
  TRUNCATE: ['TRUNCATE'],
  CREATE: ['TABLE', 'VIEW', 'DATABASE', 'SCHEMA', 'ON'],
  ALTER: ['TABLE', 'VIEW', 'DATABASE', 'SCHEMA'],
  DROP: ['TABLE', 'VIEW', 'DATABASE', 'SCHEMA'],
  LOCK: ['TABLE', 'TABLES'],
  VACUUM: ['VACUUM'],
  ANALYZE: ['ANALYZE'],
  CALL: ['CALL'],
  USE: ['USE'],
  REFRESH: ['VIEW'],
  REINDEX: ['TABLE'],
  LOAD: ['TABLE'],
  DESCRIBE: ['DESCRIBE'],
  DESC: ['DESC'],
  TABLE: ['TABLE'],
};
/** Words that may stand between that and the name. */
const fillers: ReadonlySet<string> = new Set(
  'ONLY TABLE IF NOT EXISTS LOW_PRIORITY HIGH_PRIORITY IGNORE QUICK DELAYED CONCURRENTLY LATERAL FULL VERBOSE ANALYZE FREEZE'.split(
    ' ',
  ),
);
const nameLimit = 128;
const textLimit = 4096;

type Kind = 'word' | 'quoted' | 'mark' | 'end';

interface Scanner {
  kind: Kind;
  text: string;
}

function isWordStart(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f || code >= 0x80;
}

function isWordPart(code: number): boolean {
  return isWordStart(code) || (code >= 0x30 && code <= 0x39) || code === 0x24;
}

/** Goes through a statement token by token; what is no word, quoted name or mark it steps over. */
function createScanner(sql: string, dialect: Dialect): { next(): Scanner; followedBy(mark: string): boolean } {
  const isMysql = dialect === 'mysql';
  const token: Scanner = { kind: 'end', text: '' };
  let at = 0;

  /** To after the closing quote, or to the end. */
  const skipQuoted = (quote: string, hasBackslash: boolean): void => {
    for (at += 1; at < sql.length; at += 1) {
      if (hasBackslash && sql[at] === '\\') at += 1;
      else if (sql[at] === quote) {
        if (sql[at + 1] !== quote) {
          at += 1;
          return;
        }
        at += 1;
      }
    }
  };

  const skipTo = (end: string, from: number): void => {
    const found = sql.indexOf(end, from);
    at = found === -1 ? sql.length : found + end.length;
  };

  /** PostgreSQL's $tag$ ... $tag$; a lone $1 is a parameter. */
  const skipDollar = (): void => {
    let end = at + 1;
    while (end < sql.length && isWordPart(sql.charCodeAt(end)) && sql[end] !== '$') end += 1;
    if (sql[end] === '$' && !(sql.charCodeAt(at + 1) >= 0x30 && sql.charCodeAt(at + 1) <= 0x39)) {
      skipTo(sql.slice(at, end + 1), end + 1);
    } else at = end;
  };

  const quotedName = (quote: string): Scanner => {
    const from = at + 1;
    skipQuoted(quote, false);
    token.kind = 'quoted';
    token.text = sql.slice(from, at - 1);
    return token;
  };

  const word = (): Scanner => {
    const from = at;
    while (at < sql.length && isWordPart(sql.charCodeAt(at))) at += 1;
    token.kind = 'word';
    token.text = sql.slice(from, at);
    return token;
  };

  const mark = (text: string): Scanner => {
    at += 1;
    token.kind = 'mark';
    token.text = text;
    return token;
  };

  /** Comments, literals and numbers, of which nothing is kept. True if it stepped over something. */
  const skipped = (char: string): boolean => {
    if (char === '-' && sql[at + 1] === '-') skipTo('\n', at);
    else if (char === '#' && isMysql) skipTo('\n', at);
    else if (char === '/' && sql[at + 1] === '*') skipTo('*/', at + 2);
    else if (char === "'") skipQuoted("'", isMysql);
    else if (char === '"' && isMysql) skipQuoted('"', true);
    else if (char === '$' && !isMysql) skipDollar();
    else if ((char === 'e' || char === 'E') && sql[at + 1] === "'" && !isMysql) {
      at += 1;
      skipQuoted("'", true);
    } else if (char >= '0' && char <= '9') {
      while (at < sql.length && (isWordPart(sql.charCodeAt(at)) || sql[at] === '.')) at += 1;
    } else return false;
    return true;
  };

  return {
    next() {
      while (at < sql.length) {
        const char = sql[at] ?? '';
        if (skipped(char)) continue;
        if (isWordStart(sql.charCodeAt(at))) return word();
        if (char === '"' || char === '`') return quotedName(char);
        if (char === '(' || char === ')' || char === '.' || char === ';') return mark(char);
        at += 1;
      }
      token.kind = 'end';
      token.text = '';
      return token;
    },
    followedBy(wantedMark) {
      let from = at;
      while (from < sql.length && sql.charCodeAt(from) <= 0x20) from += 1;
      if (sql[from] !== wantedMark) return false;
      at = from + 1;
      return true;
    },
  };
}

type Tokens = ReturnType<typeof createScanner>;

/** The name that starts with this token, with its schema in front if it has one. */
function nameFrom(tokens: Tokens, first: string): string {
  let name = first;
  while (name.length < nameLimit && tokens.followedBy('.')) {
    const part = tokens.next();
    if (part.kind !== 'word' && part.kind !== 'quoted') break;
    name = `${name}.${part.text}`;
  }
  return name.slice(0, nameLimit);
}

/** After the word that leads to the name: it, or an empty text when something else follows. */
function tableName(tokens: Tokens): { readonly name: string; readonly opens: boolean } {
  for (;;) {
    const token = tokens.next();
    if (token.kind === 'quoted') return { name: nameFrom(tokens, token.text), opens: false };
    if (token.kind !== 'word') return { name: '', opens: token.text === '(' };
    if (!fillers.has(token.text.toUpperCase())) return { name: nameFrom(tokens, token.text), opens: false };
  }
}

/** Looks for the table at the depth of parentheses where the statement itself is, or a query that it selects from. */
function findTable(tokens: Tokens, verb: string): string {
  const leading = before[verb] ?? [];
  let depth = 0;
  let level = 0;
  // UPDATE t: the verb itself leads to the name.
  let isNext = leading[0] === verb;
  for (;;) {
    if (isNext) {
      const { name, opens } = tableName(tokens);
      if (name !== '') return name;
      if (!opens) return '';
      depth += 1;
      level = depth;
      isNext = false;
    }
    const token = tokens.next();
    if (token.kind === 'end' || token.text === ';') return '';
    if (token.kind === 'mark' && token.text === '(') depth += 1;
    else if (token.kind === 'mark' && token.text === ')') depth -= 1;
    else if (token.kind === 'word' && depth === level) isNext = leading.includes(token.text.toUpperCase());
  }
}

/** The verb that a WITH leads to: the first one outside of parentheses. */
function verbAfterWith(tokens: Tokens): string {
  let depth = 0;
  for (let token = tokens.next(); token.kind !== 'end'; token = tokens.next()) {
    if (token.kind === 'mark') depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0;
    else if (token.kind === 'word' && depth === 0 && afterWith.has(token.text.toUpperCase())) {
      return token.text.toUpperCase();
    }
  }
  return '';
}

export function readStatement(sql: string, dialect: Dialect): Statement {
  const tokens = createScanner(sql.length > textLimit ? sql.slice(0, textLimit) : sql, dialect);
  let token = tokens.next();
  while (token.kind === 'mark') token = tokens.next();
  if (token.kind !== 'word') return { verb: '', table: '' };
  const first = token.text.toUpperCase();
  const verb = first === 'WITH' ? verbAfterWith(tokens) : first;
  if (!verbs.has(verb)) return { verb: '', table: '' };
  return { verb, table: findTable(tokens, verb) };
}

/** Does a statement that we know start here? For telling a protocol by its bytes. */
export function startsLikeStatement(bytes: Buffer, from: number): boolean {
  let at = from;
  while (at < bytes.length && (bytes[at] ?? 0) <= 0x20) at += 1;
  let end = at;
  while (end < bytes.length && end - at < 16 && isWordStart(bytes[end] ?? 0)) end += 1;
  const next = bytes[end] ?? 0;
  if (next !== 0 && next > 0x20 && next !== 0x28 && next !== 0x3b) return false;
  const word = bytes.toString('latin1', at, end).toUpperCase();
  return word === 'WITH' || verbs.has(word);
}
