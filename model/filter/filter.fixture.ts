/** Random filters for property tests. */
import fc from 'fast-check';
import { type End, type Expression, type Glob, type Test, and, comparisons, glob, not, or } from './ast.ts';
import { parseCidr } from './cidr.ts';
import { type Field, type FieldName, fieldOf, fields, isFieldName } from './fields.ts';

/** Where the values of the filters come from. */
export interface Pools {
  readonly text: fc.Arbitrary<string>;
  /** Cut to what the field allows. */
  readonly number: fc.Arbitrary<number>;
  readonly address: fc.Arbitrary<string>;
  readonly labelKey: fc.Arbitrary<string>;
  readonly id: fc.Arbitrary<bigint>;
}

const awkward = fc.constantFrom('api-', '"', '\\', '(a b)', 'or');

export const widePools: Pools = {
  text: fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), awkward),
  number: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  address: fc.oneof(fc.ipV4(), fc.ipV6()),
  labelKey: fc.string({ unit: 'binary', minLength: 1 }).filter((key) => !key.includes('=')),
  id: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
};

function anyGlob(text: fc.Arbitrary<string>): fc.Arbitrary<Glob> {
  return fc.tuple(text, fc.array(text, { maxLength: 3 })).map(([first, rest]) => glob(first, ...rest));
}

function testOf(field: Field, pools: Pools): fc.Arbitrary<Test> {
  switch (field.kind) {
    case 'text':
      return anyGlob(pools.text).map((g): Test => ({ is: 'text', glob: g }));
    case 'label':
      return fc
        .tuple(pools.labelKey, fc.option(anyGlob(pools.text)))
        .map(([key, value]): Test => ({ is: 'label', key, value }));
    case 'number': {
      const number = pools.number.map((n) => n % (field.max + 1));
      return fc.oneof(
        fc
          .tuple(fc.constantFrom(...comparisons), number)
          .map(([comparison, value]): Test => ({ is: 'number', comparison, value })),
        fc.tuple(number, number).map(([a, b]): Test => ({ is: 'range', from: Math.min(a, b), to: Math.max(a, b) })),
      );
    }
    case 'network':
      return fc
        .tuple(pools.address, fc.nat({ max: 128 }))
        .map(([address, bits]) => parseCidr(`${address}/${address.includes(':') ? bits : bits % 33}`))
        .filter((cidr) => cidr !== null)
        .map((cidr): Test => ({ is: 'network', cidr }));
    case 'word':
      return fc.constantFrom(...Object.keys(field.words)).map((word): Test => ({ is: 'word', word }));
    case 'id':
      return pools.id.map((id): Test => ({ is: 'id', id: id.toString() }));
  }
}

const names: FieldName[] = Object.keys(fields).filter(isFieldName);

function anyTerm(pools: Pools): fc.Arbitrary<Expression> {
  return fc.constantFrom(...names).chain((field) => {
    const is = fieldOf(field);
    const end: fc.Arbitrary<End> = is.of === 'end' ? fc.constantFrom('either', 'from', 'to') : fc.constant('flow');
    return fc.tuple(end, testOf(is, pools)).map(([e, test]): Expression => ({ kind: 'term', field, end: e, test }));
  });
}

export function anyFilter(pools: Pools): fc.Arbitrary<Expression> {
  const { filter } = fc.letrec<{ filter: Expression }>((tie) => {
    const several = fc.tuple(tie('filter'), fc.array(tie('filter'), { maxLength: 3 }));
    return {
      filter: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        anyTerm(pools),
        tie('filter').map(not),
        several.map(([first, rest]) => and(first, ...rest)),
        several.map(([first, rest]) => or(first, ...rest)),
      ),
    };
  });
  return filter;
}
