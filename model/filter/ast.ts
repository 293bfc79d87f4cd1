/**
 * The filter language's tree: what the parser makes, the printer writes, `evaluate` runs on a flow and db/ compiles to
 * SQL. Build it with the functions below, so that one meaning has one shape and parse(print(f)) is f.
 */
import type { Cidr } from './cidr.ts';
import type { FieldName } from './fields.ts';

/**
 * A text pattern cut at its stars: one part is the text itself, `api-*` is `['api-', '']`. An empty value matches only
 * the empty pattern `['']`: `pod:*` means "has a pod", `pod:""` "has none".
 */
export type Glob = readonly [string, ...string[]];

export const comparisons = ['=', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof comparisons)[number];

/** What a value must be. `is` follows from the field's kind. */
export type Test =
  | { readonly is: 'text'; readonly glob: Glob }
  | { readonly is: 'number'; readonly comparison: Comparison; readonly value: number }
  /** Both ends included. */
  | { readonly is: 'range'; readonly from: number; readonly to: number }
  | { readonly is: 'network'; readonly cidr: Cidr }
  /** One of the field's `words`. */
  | { readonly is: 'word'; readonly word: string }
  /** A label of that key, with or without its source (`k8s:app`, `app`); null: whatever its value. */
  | { readonly is: 'label'; readonly key: string; readonly value: Glob | null }
  /** A decimal UInt64. */
  | { readonly is: 'id'; readonly id: string };

/** `either`: at least one of the two ends passes the test. `flow`: the field is not one of an end. */
export type End = 'either' | 'from' | 'to' | 'flow';

export interface Term {
  readonly kind: 'term';
  readonly field: FieldName;
  readonly end: End;
  readonly test: Test;
}

/** Without `all`, which only stands alone. */
export type Expression =
  | Term
  | { readonly kind: 'and'; readonly of: readonly Expression[] }
  | { readonly kind: 'or'; readonly of: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression };

export type Filter = { readonly kind: 'all' } | Expression;

/** The empty filter: every flow passes. */
export const all: Filter = { kind: 'all' };

export function and(...of: readonly [Expression, ...Expression[]]): Expression {
  return of.length === 1 ? of[0] : { kind: 'and', of: of.flatMap((x) => (x.kind === 'and' ? x.of : [x])) };
}

export function or(...of: readonly [Expression, ...Expression[]]): Expression {
  return of.length === 1 ? of[0] : { kind: 'or', of: of.flatMap((x) => (x.kind === 'or' ? x.of : [x])) };
}

export const not = (of: Expression): Expression => ({ kind: 'not', of });

/** Several stars in a row are one. */
export function glob(...parts: Glob): Glob {
  const [first, ...rest] = parts;
  return [first, ...rest.filter((part, i) => part !== '' || i === rest.length - 1)];
}
