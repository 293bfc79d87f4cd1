import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Filter, all } from './ast.ts';
import { anyFilter, widePools } from './filter.fixture.ts';
import { parseFilter } from './parse.ts';
import { printFilter } from './print.ts';

function parsed(text: string): Filter {
  const result = parseFilter(text);
  if (!result.ok) throw new Error(`${text}: ${result.error.message}`);
  return result.value;
}

describe('a filter', () => {
  it('survives printing and parsing', () => {
    fc.assert(
      fc.property(anyFilter(widePools), (filter) => {
        const text = printFilter(filter);
        fc.pre(text.length <= 4000);
        expect(parseFilter(text)).toEqual({ ok: true, value: filter });
      }),
      { numRuns: 2000 },
    );
  });

  it('never makes the parser throw, and every complaint lies inside the text', () => {
    const pieces = [
      'ns:',
      'pod:x',
      ' ',
      '(',
      ')',
      '"',
      '\\',
      '*',
      'or',
      'not',
      '>',
      '<=',
      '..',
      '-',
      'http.status:5xx',
      '=',
      'é',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string())).map((p) => p.join('')),
        (text) => {
          const result = parseFilter(text);
          if (result.ok) return;
          expect(result.error.message).not.toBe('');
          expect(result.error.position).toBeGreaterThanOrEqual(0);
          expect(result.error.position + result.error.length).toBeLessThanOrEqual(text.length);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['', ''],
    ['  ns:production   and verdict:DROPPED ', 'ns:production verdict:dropped'],
    ['(((ns:a)))', 'ns:a'],
    ['ns:a ns:b or ns:c', '(ns:a ns:b) or ns:c'],
    ['ns:a (ns:b or ns:c)', 'ns:a (ns:b or ns:c)'],
    ['not (ns:a or ns:b)', 'not (ns:a or ns:b)'],
    ['!ns:a -ns:b', 'not ns:a not ns:b'],
    ['NOT ns:a OR namespace:b', 'not ns:a or ns:b'],
    ['src.pod:api-*', 'from.pod:api-*'],
    ['destination.port:443', 'to.port:443'],
    ['http.status:5xx', 'http.status:5xx'],
    ['http.status:500..599', 'http.status:5xx'],
    ['status:404', 'http.status:404'],
    ['http.status>=500', 'http.status:>=500'],
    ['latency>100', 'latency:>100ms'],
    ['latency:<1.5s', 'latency:<1500ms'],
    ['bytes:>1.5MB', 'bytes:>1500KB'],
    ['bytes:>=1MiB', 'bytes:>=1048576'],
    ['ip:10.1.2.3/8', 'ip:10.0.0.0/8'],
    ['ip:2001:DB8:0:0::1', 'ip:2001:db8::1'],
    ['ip:::ffff:10.0.0.1', 'ip:10.0.0.1'],
    ['label:app=prometheus', 'label:app=prometheus'],
    ['label:k8s:app=prom*', 'label:k8s:app=prom*'],
    ['label:"a b"=c', 'label:"a b=c"'],
    ['pod:a**b', 'pod:a*b'],
    ['pod:""', 'pod:""'],
    ['http.path:"/a b"', 'http.path:"/a b"'],
    ['http.path:/a\\*', 'http.path:/a\\*'],
    ['port:8000..8999', 'port:8000..8999'],
    ['reply:true event:connection', 'reply:true event:connection'],
    ['conn:0018446744073709551615', 'conn:18446744073709551615'],
  ])('%j is printed %j', (text, printed) => {
    expect(printFilter(parsed(text))).toBe(printed);
  });

  it.each([
    ['namspace:a', 0, 8, 'there is no field "namspace", did you mean "namespace"?', 'namespace'],
    ['ns:a verdikt:dropped', 5, 7, 'there is no field "verdikt", did you mean "verdict"?', 'verdict'],
    ['form.pod:x', 0, 8, 'there is no field "form.pod", did you mean "from.pod"?', 'from.pod'],
    ['verdict:droped', 8, 6, 'there is no verdict "droped", did you mean "dropped"?', 'dropped'],
    ['from.verdict:dropped', 0, 12, '"verdict" is not a field of one end: drop "from."', 'verdict'],
    ['to.port:http', 8, 4, '"http" is not a whole number up to 65535', null],
    ['port:65536', 5, 5, '"65536" is not a whole number up to 65535', null],
    ['port:9..1', 5, 4, 'the range "9..1" is the wrong way round', null],
    ['ip:10.0.0.0/33', 3, 11, '"10.0.0.0/33" is no address or network such as 10.0.0.0/8', null],
    ['latency:>1parsec', 9, 7, '"1parsec" is not a duration such as 250us, 100ms or 1.5s', null],
    ['api', 0, 3, '"api" is no filter: write field:value', 'workload:api'],
    ['from:api', 0, 4, '"from" needs a field: write from.workload:value', 'from.workload'],
    ['ns:', 3, 0, 'a value is missing: write ns:something, or ns:"" for none', null],
    ['pod>3', 0, 4, '"pod" cannot be compared with >: write pod:value', 'pod:'],
    ['verdict:drop*', 8, 5, '"verdict" takes no *: it is verdict', null],
    ['pod:"a b', 4, 4, 'the quote is not closed', null],
    ['(ns:a', 0, 1, 'the parenthesis is not closed', null],
    ['ns:a)', 4, 1, 'this closing parenthesis has no opening one', null],
    ['ns:a or', 7, 0, 'the filter ends too early: a term is missing', null],
    ['or ns:a', 0, 2, 'a term is missing before "or"', null],
    ['()', 1, 1, 'a term is missing before the closing parenthesis', null],
    ['label:a*', 6, 2, 'a label is written key or key=value; only its value may have a *', null],
  ])('%j is refused at character %i', (text, position, length, message, suggestion) => {
    expect(parseFilter(text)).toEqual({ ok: false, error: { position, length, message, suggestion } });
  });

  it('refuses what is too long, too wide or too deep', () => {
    const texts = [
      'x'.repeat(4001),
      'ns:a '.repeat(501),
      `${'('.repeat(60)}ns:a${')'.repeat(60)}`,
      `${'!'.repeat(60)}ns:a`,
    ];
    for (const text of texts) expect(parseFilter(text).ok).toBe(false);
  });

  it('is "all" when nothing is written', () => {
    expect(parsed('  ')).toEqual(all);
  });
});
