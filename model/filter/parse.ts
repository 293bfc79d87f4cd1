/**
 * Parses the filter language: `ns:production not (to.port:443 or http.status:5xx)`. Adjacent terms are joined by and,
 * which binds stronger than or.
 */
import { type Expression, type Filter, all, and, not, or } from './ast.ts';
import { type Result, err, ok } from '../result.ts';
import { type FilterError, type Token, filterError, scan } from './scan.ts';
import { parseTerm } from './parse-term.ts';

export type { FilterError } from './scan.ts';

/** Bounds that keep a filter from a stranger cheap: characters, terms, and depth of nesting. */
export const filterLimits = { characters: 4000, tokens: 500, depth: 50 } as const;

type Parsed = Result<Expression, FilterError>;

export function parseFilter(text: string): Result<Filter, FilterError> {
  if (text.length > filterLimits.characters) {
    const message = `the filter is longer than ${filterLimits.characters} characters`;
    return err(filterError(filterLimits.characters, text.length - filterLimits.characters, message));
  }
  const tokens = scan(text);
  if (!tokens.ok) return tokens;
  const [first] = tokens.value;
  if (first === undefined) return ok(all);
  const tooMany = tokens.value[filterLimits.tokens];
  if (tooMany !== undefined) {
    return err(filterError(tooMany.at, text.length - tooMany.at, `the filter has over ${filterLimits.tokens} parts`));
  }
  const parser = createParser(tokens.value, text);
  return parser();
}

function createParser(tokens: readonly Token[], text: string): () => Parsed {
  let next = 0;
  const peek = (): Token | undefined => tokens[next];
  const isNext = (is: Token['is']): boolean => peek()?.is === is;

  function list(item: (depth: number) => Parsed, goesOn: () => boolean, join: typeof and, depth: number): Parsed {
    const first = item(depth);
    if (!first.ok) return first;
    const others: Expression[] = [];
    while (goesOn()) {
      const other = item(depth);
      if (!other.ok) return other;
      others.push(other.value);
    }
    return ok(join(first.value, ...others));
  }

  function skip(is: Token['is']): boolean {
    const found = isNext(is);
    if (found) next++;
    return found;
  }

  const alternatives = (depth: number): Parsed => list(conjunction, () => skip('or'), or, depth);
  const conjunction = (depth: number): Parsed => {
    const goesOn = (): boolean => skip('and') || (peek() !== undefined && !isNext('or') && !isNext('close'));
    return list(operand, goesOn, and, depth);
  };

  function operand(depth: number): Parsed {
    const token = tokens[next++];
    if (token === undefined) return err(filterError(text.length, 0, 'the filter ends too early: a term is missing'));
    if (depth > filterLimits.depth) {
      return err(filterError(token.at, 1, `the filter is nested deeper than ${filterLimits.depth}`));
    }
    switch (token.is) {
      case 'term':
        return parseTerm(token);
      case 'not': {
        const of = operand(depth + 1);
        return of.ok ? ok(not(of.value)) : of;
      }
      case 'open': {
        const inner = alternatives(depth + 1);
        if (!inner.ok || skip('close')) return inner;
        return err(filterError(token.at, 1, 'the parenthesis is not closed'));
      }
      case 'close':
        return err(filterError(token.at, 1, 'a term is missing before the closing parenthesis'));
      case 'and':
      case 'or':
        return err(filterError(token.at, token.end - token.at, `a term is missing before "${token.is}"`));
    }
  }

  return () => {
    const parsed = alternatives(0);
    const rest = peek();
    if (!parsed.ok || rest === undefined) return parsed;
    return err(filterError(rest.at, rest.end - rest.at, 'this closing parenthesis has no opening one'));
  };
}
