/** Parses one `field:value` by the field's kind; every complaint names the character and, where it can, the cure. */
import type { Comparison, End, Glob, Term, Test } from './ast.ts';
import { comparisons } from './ast.ts';
import { parseCidr } from './cidr.ts';
import { type Field, type FieldName, aliases, fieldOf, fields, isFieldName } from './fields.ts';
import { type Result, err, ok } from '../result.ts';
import { type FilterError, type TermToken, filterError } from './scan.ts';
import { nearest } from './suggest.ts';
import { parseQuantity, unitExamples } from './units.ts';

type NumberField = Extract<Field, { readonly kind: 'number' }>;
type WordField = Extract<Field, { readonly kind: 'word' }>;

export function parseTerm(token: TermToken): Result<Term, FilterError> {
  const named = resolveName(token);
  if (!named.ok) return named;
  const { name, end } = named.value;
  const field = fieldOf(name);
  if (token.comparison !== '' && field.kind !== 'number') {
    const message = `"${name}" cannot be compared with ${token.comparison}: write ${token.name}:value`;
    return err(filterError(token.at, token.valueAt - token.at, message, `${token.name}:`));
  }
  const test = parseTest(field, token);
  return test.ok ? ok({ kind: 'term', field: name, end, test: test.value }) : test;
}

const endFields = Object.keys(fields).filter((name) => isFieldName(name) && fieldOf(name).of === 'end');
const spellings = [
  ...Object.keys(fields),
  ...endFields.flatMap((name) => [`from.${name}`, `to.${name}`]),
  ...Object.keys(aliases),
];

/** `from.pod`, `src.pod`, `pod`, `namespace` ... */
function resolveName(token: TermToken): Result<{ name: FieldName; end: End }, FilterError> {
  const written = token.name.toLowerCase();
  const [, prefix = '', bare = ''] = /^(?:(from|to|src|dst|source|destination)\.)?(.*)$/s.exec(written) ?? [];
  const alias = Object.hasOwn(aliases, bare) ? aliases[bare] : undefined;
  const name = alias ?? (isFieldName(bare) ? bare : undefined);
  const complain = (message: string, suggestion?: string): Result<never, FilterError> =>
    err(filterError(token.at, token.name.length, message, suggestion));
  if (name === undefined) {
    if (/^(from|to|src|dst)$/.test(written)) {
      return complain(`"${token.name}" needs a field: write ${written}.workload:value`, `${written}.workload`);
    }
    const near = nearest(written, spellings);
    const meant = near === null ? '' : `, did you mean "${near}"?`;
    return complain(`there is no field "${token.name}"${meant}`, near ?? undefined);
  }
  if (fieldOf(name).of === 'end') {
    return ok({ name, end: prefix === '' ? 'either' : /^(from|s)/.test(prefix) ? 'from' : 'to' });
  }
  return prefix === ''
    ? ok({ name, end: 'flow' })
    : complain(`"${name}" is not a field of one end: drop "${prefix}."`, name);
}

function parseTest(field: Field, token: TermToken): Result<Test, FilterError> {
  const complain = (message: string, suggestion?: string): Result<never, FilterError> =>
    err(filterError(token.valueAt, token.end - token.valueAt, message, suggestion));
  const [text, ...more] = token.value;
  if (field.kind === 'text') {
    if (token.end > token.valueAt) return ok({ is: 'text', glob: token.value });
    return complain(`a value is missing: write ${token.name}:something, or ${token.name}:"" for none`);
  }
  if (text === '' && more.length === 0) return complain(`a value is missing: ${token.name} is ${field.is}`);
  if (field.kind === 'label') return parseLabel(token.value, complain);
  if (more.length > 0) return complain(`"${token.name}" takes no *: it is ${field.is}`);
  switch (field.kind) {
    case 'number':
      return parseNumber(field, token.comparison, text, complain);
    case 'network': {
      const cidr = parseCidr(text);
      return cidr === null
        ? complain(`"${text}" is no address or network such as 10.0.0.0/8`)
        : ok({ is: 'network', cidr });
    }
    case 'word':
      return parseWord(field, text, complain);
    case 'id':
      return /^\d{1,32}$/.test(text) && BigInt(text) < 1n << 64n
        ? ok({ is: 'id', id: BigInt(text).toString() })
        : complain(`"${text}" is no ${field.is}`);
  }
}

type Complain = (message: string, suggestion?: string) => Result<never, FilterError>;

function parseLabel(value: Glob, complain: Complain): Result<Test, FilterError> {
  const [first, ...rest] = value;
  const equals = first.indexOf('=');
  const key = equals < 0 ? first : first.slice(0, equals);
  if (key === '' || (equals < 0 && rest.length > 0)) {
    return complain('a label is written key or key=value; only its value may have a *');
  }
  return ok({ is: 'label', key, value: equals < 0 ? null : [first.slice(equals + 1), ...rest] });
}

function parseNumber(field: NumberField, sign: string, text: string, complain: Complain): Result<Test, FilterError> {
  const number = (part: string): number | null => {
    const value = parseQuantity(part, field.unit);
    return value !== null && value <= field.max ? value : null;
  };
  const expected = `${unitExamples[field.unit]}${field.unit === 'none' ? ` up to ${field.max}` : ''}`;
  const range = sign === '' ? parseRange(text, number) : null;
  if (range !== null) {
    return range.from <= range.to
      ? ok({ is: 'range', ...range })
      : complain(`the range "${text}" is the wrong way round`);
  }
  const value = number(text);
  if (value === null) return complain(`"${text}" is not ${expected}`);
  const comparison: Comparison = comparisons.find((c) => c === sign) ?? '=';
  return ok({ is: 'number', comparison, value });
}

/** `8000..8999`, and `5xx` for 500..599. */
function parseRange(text: string, number: (part: string) => number | null): { from: number; to: number } | null {
  const isClass = /^\d+x+$/i.test(text);
  const [low = '', high, ...rest] = isClass ? [text.replace(/x/gi, '0'), text.replace(/x/gi, '9')] : text.split('..');
  if (high === undefined || rest.length > 0) return null;
  const from = number(low);
  const to = number(high);
  return from === null || to === null ? null : { from, to };
}

function parseWord(field: WordField, text: string, complain: Complain): Result<Test, FilterError> {
  const word = text.toLowerCase();
  const known = Object.keys(field.words);
  if (known.includes(word)) return ok({ is: 'word', word });
  const near = nearest(word, known);
  const meant = near === null ? `, only ${known.join(', ')}` : `, did you mean "${near}"?`;
  return complain(`there is no ${field.is} "${text}"${meant}`, near ?? undefined);
}
