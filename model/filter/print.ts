/** Writes a filter's canonical text: parsing it gives the same tree. */
import { assertNever } from '../assert-never.ts';
import type { Expression, Filter, Glob, Term, Test } from './ast.ts';
import { printCidr } from './cidr.ts';
import { type FieldName, type Unit, fieldOf } from './fields.ts';
import { printQuantity } from './units.ts';

export function printFilter(filter: Filter): string {
  return filter.kind === 'all' ? '' : printExpression(filter);
}

function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'term':
      return printTerm(expression);
    case 'not':
      return `not ${printInside(expression.of)}`;
    case 'and':
      return expression.of.map(printInside).join(' ');
    case 'or':
      return expression.of.map(printInside).join(' or ');
    default:
      return assertNever(expression);
  }
}

function printInside(expression: Expression): string {
  const text = printExpression(expression);
  return expression.kind === 'and' || expression.kind === 'or' ? `(${text})` : text;
}

function printTerm(term: Term): string {
  const end = term.end === 'from' || term.end === 'to' ? `${term.end}.` : '';
  return `${end}${term.field}:${printTest(term.test, term.field)}`;
}

function printTest(test: Test, field: FieldName): string {
  switch (test.is) {
    case 'text':
      return quote(printGlob(test.glob));
    case 'label':
      return quote(escape(test.key) + (test.value === null ? '' : `=${printGlob(test.value)}`));
    case 'number':
      return `${test.comparison === '=' ? '' : test.comparison}${printQuantity(test.value, unitOf(field))}`;
    case 'range':
      return printRange(test.from, test.to, field);
    case 'network':
      return printCidr(test.cidr);
    case 'word':
      return test.word;
    case 'id':
      return test.id;
    default:
      return assertNever(test);
  }
}

function unitOf(name: FieldName): Unit {
  const field = fieldOf(name);
  return field.kind === 'number' ? field.unit : 'none';
}

function printRange(from: number, to: number, field: FieldName): string {
  if (field === 'http.status' && from >= 100 && from % 100 === 0 && to === from + 99) return `${from / 100}xx`;
  return `${printQuantity(from, unitOf(field))}..${printQuantity(to, unitOf(field))}`;
}

const escape = (text: string): string => text.replace(/["\\*]/g, '\\$&');
const printGlob = (glob: Glob): string => glob.map(escape).join('*');
const quote = (text: string): string => (text === '' || /[\s()]/.test(text) ? `"${text}"` : text);
