/**
 * Compiles a filter to a condition on `flows` that says what model/filter/evaluate.ts says of a flow. Values travel as
 * parameters only. Tests of what an end is become sets of endpoints, one per end where `and`, `or` and `not` allow it.
 */
import { assertNever } from '../model/assert-never.ts';
import type { Comparison, Expression, Filter, Glob, Term, Test } from '../model/filter/ast.ts';
import { cidrBounds } from '../model/filter/cidr.ts';
import { fieldOf, foldCase, type EndField, type FlowField } from '../model/filter/fields.ts';
import type { EndpointAttribute } from '../model/flow-columns.ts';
import { labelSql } from './label-sql.ts';
import { empty, ident, join, param, sql, type Param, type Sql } from './sql.ts';

const nothing = sql`0`;

/** What an end must be: a condition on `endpoints`. */
interface EndpointSet {
  readonly end: 'from' | 'to' | 'either';
  /** Whether the workload alone decides, so that `src_workload_id` answers it. */
  readonly isOfWorkload: boolean;
  readonly condition: Sql;
  /** Whether an endpoint without any attribute passes, as one that did not reach the store. */
  readonly takesUnknown: boolean;
}

type Part = { readonly kind: 'row'; readonly condition: Sql } | ({ readonly kind: 'set' } & EndpointSet);

const ofWorkload: ReadonlySet<EndpointAttribute> = new Set(['namespace', 'workload', 'workload_kind']);

export function filterSql(filter: Filter): Sql {
  return filter.kind === 'all' ? sql`1` : written(compile(filter));
}

function compile(expression: Expression): Part {
  switch (expression.kind) {
    case 'term':
      return compileTerm(expression);
    case 'not':
      return negated(compile(expression.of));
    case 'and':
    case 'or':
      return joined(expression.of.map(compile), expression.kind);
    default:
      return assertNever(expression);
  }
}

function negated(part: Part): Part {
  // "Neither end" is more than "some end is not".
  if (part.kind === 'row' || part.end === 'either') return { kind: 'row', condition: sql`NOT (${written(part)})` };
  return { ...part, condition: sql`NOT (${part.condition})`, takesUnknown: !part.takesUnknown };
}

function joined(parts: readonly Part[], by: 'and' | 'or'): Part {
  const merged: Part[] = [];
  for (const part of parts) {
    const at = merged.findIndex((other) => canMerge(other, part, by));
    const other = merged[at];
    if (other?.kind === 'set' && part.kind === 'set') merged[at] = mergedSet(other, part, by);
    else merged.push(part);
  }
  const [only, ...more] = merged;
  if (only !== undefined && more.length === 0) return only;
  return { kind: 'row', condition: sql`(${join(merged.map(written), by === 'and' ? ' AND ' : ' OR ')})` };
}

/** That either end is an A and either end is a B may be true of different ends. */
function canMerge(left: Part, right: Part, by: 'and' | 'or'): boolean {
  if (left.kind !== 'set' || right.kind !== 'set' || left.end !== right.end) return false;
  return by === 'or' || left.end !== 'either';
}

function mergedSet(left: EndpointSet, right: EndpointSet, by: 'and' | 'or'): Part {
  const isAnd = by === 'and';
  return {
    kind: 'set',
    end: left.end,
    isOfWorkload: left.isOfWorkload && right.isOfWorkload,
    condition: sql`(${join([left.condition, right.condition], isAnd ? ' AND ' : ' OR ')})`,
    takesUnknown: isAnd ? left.takesUnknown && right.takesUnknown : left.takesUnknown || right.takesUnknown,
  };
}

function written(part: Part): Sql {
  if (part.kind === 'row') return part.condition;
  if (part.end !== 'either') return inSet(part, part.end);
  return sql`(${inSet(part, 'from')} OR ${inSet(part, 'to')})`;
}

function inSet(set: EndpointSet, end: 'from' | 'to'): Sql {
  const prefix = end === 'from' ? 'src' : 'dst';
  const column = set.isOfWorkload ? ident(`${prefix}_workload_id`) : ident(`${prefix}_endpoint`);
  const id = set.isOfWorkload ? ident('workload_id') : ident('id');
  // An unknown endpoint is in no set of known ones.
  return set.takesUnknown
    ? sql`${column} NOT IN (SELECT ${id} FROM endpoints WHERE NOT (${set.condition}))`
    : sql`${column} IN (SELECT ${id} FROM endpoints WHERE ${set.condition})`;
}

function compileTerm(term: Term): Part {
  const field = fieldOf(term.field);
  if (field.of === 'flow') return { kind: 'row', condition: flowTest(field, term.test) };
  const end = term.end === 'flow' ? 'either' : term.end;
  if (field.column === 'ip' || field.column === 'port') {
    const from = endTest(field, ident(`src_${field.column}`), term.test);
    const to = endTest(field, ident(`dst_${field.column}`), term.test);
    const condition = end === 'from' ? from : end === 'to' ? to : sql`(${from} OR ${to})`;
    return { kind: 'row', condition };
  }
  return {
    kind: 'set',
    end,
    isOfWorkload: ofWorkload.has(field.column),
    condition: endTest(field, ident(field.column), term.test),
    takesUnknown: passesUnknown(term.test),
  };
}

/** What a test says of the empty text, the empty list and the number 0. */
function passesUnknown(test: Test): boolean {
  switch (test.is) {
    case 'text':
      return test.glob.length === 1 && test.glob[0] === '';
    case 'range':
      return test.from <= 0 && test.to >= 0;
    case 'number':
      return comparesZero(test.comparison, test.value);
    case 'label':
    case 'network':
    case 'word':
    case 'id':
      return false;
    default:
      return assertNever(test);
  }
}

function comparesZero(comparison: Comparison, value: number): boolean {
  switch (comparison) {
    case '=':
      return value === 0;
    case '<':
      return value > 0;
    case '<=':
      return value >= 0;
    case '>':
      return value < 0;
    case '>=':
      return value <= 0;
    default:
      return assertNever(comparison);
  }
}

/** A test of the wrong kind for its field passes nothing, as in `evaluate`; the parser does not make one. */
function endTest(field: EndField, column: Sql, test: Test): Sql {
  switch (field.kind) {
    case 'text':
      if (test.is !== 'text') return nothing;
      return field.list ? listTest(column, test.glob, field.foldsCase) : textTest(column, test.glob, field.foldsCase);
    case 'number':
      return numberTest(column, test, field.zeroIsAbsent);
    case 'network': {
      if (test.is !== 'network') return nothing;
      const { first, last } = cidrBounds(test.cidr);
      return sql`(${column} BETWEEN ${param.ipv6(first)} AND ${param.ipv6(last)})`;
    }
    case 'label':
      return test.is === 'label' ? labelTest(column, test.key, test.value) : nothing;
    default:
      return assertNever(field);
  }
}

function flowTest(field: FlowField, test: Test): Sql {
  switch (field.kind) {
    case 'text':
      return test.is === 'text' ? textTest(ident(field.column), test.glob, field.foldsCase) : nothing;
    case 'number': {
      const [only, ...more] = field.columns.map(ident);
      if (only === undefined) return nothing;
      const sum = more.reduce((left, right) => sql`${left} + ${right}`, only);
      return numberTest(more.length === 0 ? sum : sql`(${sum})`, test, field.zeroIsAbsent);
    }
    case 'word': {
      const word = test.is === 'word' && Object.hasOwn(field.words, test.word) ? field.words[test.word] : undefined;
      if (word === undefined) return nothing;
      const tests = word.values.map((value) => sql`${ident(word.column)} = ${param.string(value)}`);
      return tests.length === 1 ? join(tests, ' OR ') : sql`(${join(tests, ' OR ')})`;
    }
    case 'id':
      return test.is === 'id' ? sql`${ident(field.column)} = ${param.uint64(BigInt(test.id))}` : nothing;
    default:
      return assertNever(field);
  }
}

/** In a LIKE pattern these stand for themselves only behind a backslash. */
const likeLiteral = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');

/** An empty text matches only the empty pattern. */
function textTest(value: Sql, glob: Glob, foldsCase: boolean): Sql {
  const [head, ...rest] = glob.map((part) => (foldsCase ? foldCase(part) : part));
  if (head === undefined) return nothing;
  const folded = foldsCase ? sql`lower(${value})` : value;
  if (rest.length === 0) return sql`${folded} = ${param.string(head)}`;
  const pattern = [head, ...rest].map(likeLiteral).join('%');
  const notEmpty = sql`${value} != ''`;
  return pattern === '%' ? notEmpty : sql`(${notEmpty} AND ${folded} LIKE ${param.string(pattern)})`;
}

/** The empty pattern asks for an empty list. */
function listTest(column: Sql, glob: Glob, foldsCase: boolean): Sql {
  if (glob.length === 1 && glob[0] === '') return sql`empty(${column})`;
  return sql`arrayExists(x -> ${textTest(sql`x`, glob, foldsCase)}, ${column})`;
}

function labelTest(column: Sql, key: string, value: Glob | null): Sql {
  const { isNamed, text } = labelSql(key);
  const matches = value === null ? empty : sql` AND ${textTest(text, value, false)}`;
  return sql`arrayExists(x -> ${isNamed}${matches}, ${column})`;
}

const operators: Readonly<Record<Comparison, Sql>> = {
  '=': sql`=`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
};

function numberParam(value: number): Param {
  return Number.isSafeInteger(value) && value >= 0 ? param.uint64(BigInt(value)) : param.float64(value);
}

/** Where 0 means "has none", only a test for exactly 0 finds it. */
function numberTest(value: Sql, test: Test, zeroIsAbsent: boolean): Sql {
  const present = zeroIsAbsent ? sql` AND ${value} != 0` : empty;
  if (test.is === 'range') {
    return sql`(${value} BETWEEN ${numberParam(test.from)} AND ${numberParam(test.to)}${present})`;
  }
  if (test.is !== 'number') return nothing;
  const compared = sql`${value} ${operators[test.comparison]} ${numberParam(test.value)}`;
  return test.comparison === '=' ? compared : sql`(${compared}${present})`;
}
