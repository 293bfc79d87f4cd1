/**
 * Cuts a filter's text into tokens. A term is one token, `field:value`, because what a value may look like depends on
 * its field; quotes and backslashes are resolved here, stars become the cuts of a glob.
 */
import { type Glob, glob } from './ast.ts';
import { type Result, err, ok } from '../result.ts';

export interface FilterError {
  readonly message: string;
  /** 0-based character in the text, and how many are at fault. */
  readonly position: number;
  readonly length: number;
  /** What to write in their place, if one thing comes to mind. */
  readonly suggestion: string | null;
}

export interface TermToken {
  readonly is: 'term';
  readonly at: number;
  readonly name: string;
  /** The comparison in front of the value, empty if none. */
  readonly comparison: string;
  readonly value: Glob;
  readonly valueAt: number;
  readonly end: number;
}

export type Token =
  TermToken | { readonly is: 'and' | 'or' | 'not' | 'open' | 'close'; readonly at: number; readonly end: number };

const symbols = { '(': 'open', ')': 'close', '!': 'not', '-': 'not' } as const;
const isSymbol = (char: string): char is keyof typeof symbols => Object.hasOwn(symbols, char);

export function filterError(position: number, length: number, message: string, suggestion?: string): FilterError {
  return { message, position, length, suggestion: suggestion ?? null };
}

/** Reads a value from `start` to the next blank or parenthesis outside quotes. */
function scanValue(text: string, start: number): Result<{ value: Glob; end: number }, FilterError> {
  const parts: string[] = [];
  let part = '';
  let quoteAt = -1;
  let at = start;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (quoteAt < 0 && /[\s()]/.test(char)) break;
    if (char === '\\') {
      if (at + 1 === text.length) return err(filterError(at, 1, 'a backslash must stand before a character', '\\\\'));
      part += text.charAt(++at);
    } else if (char === '"') {
      quoteAt = quoteAt < 0 ? at : -1;
    } else if (char === '*') {
      parts.push(part);
      part = '';
    } else {
      part += char;
    }
  }
  if (quoteAt >= 0) return err(filterError(quoteAt, text.length - quoteAt, 'the quote is not closed'));
  const [first, ...others] = [...parts, part];
  return ok({ value: glob(first, ...others), end: at });
}

function scanTerm(text: string, start: number): Result<Token, FilterError> {
  const name = /^[^\s()":<>=]*/.exec(text.slice(start))?.[0] ?? '';
  const afterName = start + name.length;
  const operator = /^(?::(?:[<>]=?|=)?|[<>]=?|=)/.exec(text.slice(afterName))?.[0];
  if (operator === undefined) return scanWord(text, start, name);
  const valueAt = afterName + operator.length;
  const scanned = scanValue(text, valueAt);
  if (!scanned.ok) return scanned;
  const { value, end } = scanned.value;
  if (name === '') return err(filterError(start, end - start, 'a field is missing before the value'));
  const comparison = operator.replace(':', '');
  return ok({ is: 'term', at: start, name, comparison, value, valueAt, end });
}

function scanWord(text: string, at: number, name: string): Result<Token, FilterError> {
  const end = at + name.length;
  const word = name.toLowerCase();
  if (word === 'and' || word === 'or' || word === 'not') return ok({ is: word, at, end });
  const shown = name === '' ? text.slice(at).split(/\s/, 1).join('') : name;
  const message = `"${shown}" is no filter: write field:value`;
  return err(filterError(at, shown.length, message, `workload:${shown}`));
}

export function scan(text: string): Result<readonly Token[], FilterError> {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at++;
    if (at >= text.length) return ok(tokens);
    const char = text.charAt(at);
    const token: Result<Token, FilterError> = isSymbol(char)
      ? ok({ is: symbols[char], at, end: at + 1 })
      : scanTerm(text, at);
    if (!token.ok) return token;
    tokens.push(token.value);
    at = token.value.end;
  }
}
